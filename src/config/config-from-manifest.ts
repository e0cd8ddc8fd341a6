import { stringify } from 'yaml'
import { AppError } from '../kit/app-error.ts'
import { printable } from '../kit/printable.ts'
import type { Config } from './config-schema.ts'
import { configSchema } from './config-schema.ts'
import { mapSecrets } from './map-secrets.ts'
import { parseYaml } from './parse-yaml.ts'
import { valueAt } from './schema-at.ts'
import { commandMark } from './show-config.ts'

/** A configuration made again from a restore point, and what the user must still do for it. */
export type RecoveredConfig = { readonly text: string; readonly value: Config; readonly notes: readonly string[] }

/**
 * The inverse of `showConfig` for a new machine: a holdfast.yaml with the application's section. The text comes out of an
 * archive and may be hostile: secrets become `{env: HOLDFAST_…}`, so that no file is read and no command run for them, and
 * hooks are kept only with `trustHooks`, after the user has seen and accepted them.
 *
 * @throws AppError `config.invalid` where the text is no configuration that this version reads.
 */
export function configFromManifest(text: string, options: { readonly trustHooks: boolean }): RecoveredConfig {
  const parsed = parseYaml(text)
  if (!('value' in parsed)) throw unusable(parsed[0]?.message ?? 'it is empty')
  const notes: string[] = []
  const replaced = mapSecrets(configSchema, parsed.value, (secret, path) => {
    const known = environmentName(secret)
    const name = known ?? placeholder(path)
    notes.push(known === undefined ? `Set ${name} to the secret of ${path.join('.')}, or write where it is.` : `Set ${name}, as before.`)
    return { env: name }
  })
  const config = withoutHooks(replaced, options.trustHooks, notes)
  const checked = configSchema.safeParse(config)
  if (!checked.success) throw unusable(checked.error.issues[0]?.message ?? 'it is not valid')
  const header = ' Made by Holdfast from a restore point. Secrets are not kept there: set the variables, or write where each secret is.'
  return { text: `#${header}\n${stringify(config, { lineWidth: 0 })}`, value: checked.data, notes: notes.map(printable) }
}

/** `{env: NAME}` and `${NAME}` stay; the name is the user's own. */
function environmentName(secret: unknown): string | undefined {
  const name = typeof secret === 'string' ? /^\$\{(\w+)\}$/.exec(secret)?.[1] : valueAt(secret, 'env')
  return typeof name === 'string' && /^[A-Za-z_]\w{0,100}$/.test(name) ? name : undefined
}

function placeholder(path: readonly string[]): string {
  return `HOLDFAST_${path.slice(1).join('_').toUpperCase().replace(/\W+/g, '_')}`
}

function withoutHooks(config: unknown, trusted: boolean, notes: string[]): unknown {
  const apps = valueAt(config, 'apps')
  if (typeof config !== 'object' || typeof apps !== 'object' || apps === null) return config
  const cleaned = Object.entries(apps).map(([name, app]: [string, unknown]) => {
    const hooks = valueAt(app, 'hooks')
    if (typeof app !== 'object' || typeof hooks !== 'object' || hooks === null) return [name, app]
    return [name, { ...app, hooks: keptHooks(hooks, trusted, notes) }]
  })
  return { ...config, apps: Object.fromEntries(cleaned) }
}

function keptHooks(hooks: object, trusted: boolean, notes: string[]): object {
  const kept = Object.entries(hooks).flatMap(([moment, list]: [string, unknown]) => {
    if (!Array.isArray(list)) return []
    const usable = list.filter((hook: unknown) => {
      const command = valueAt(hook, 'command')
      if (command !== commandMark && trusted) return true
      notes.push(command === commandMark
        ? `A ${moment} hook was not kept, as its command may have held a secret; write it again.`
        : `The ${moment} hook ${JSON.stringify(command)} was left out; hooks from an archive run only when you trust them.`)
      return false
    })
    return usable.length > 0 ? [[moment, usable]] : []
  })
  return Object.fromEntries(kept)
}

function unusable(why: string): AppError {
  return new AppError('config.invalid', `The configuration kept in the restore point cannot be used: ${printable(why)}`, { hint: 'The files and databases are not concerned; write a new holdfast.yaml with "holdfast init".' })
}
