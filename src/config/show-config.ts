import { stringify } from 'yaml'
import { configSchema } from './config-schema.ts'
import type { Config } from './config-schema.ts'
import { mapSecrets } from './map-secrets.ts'
import { isPlainCommand } from './plain-command.ts'

/** Stands for a secret that is set. */
const secretMark = '(set)'
/** Stands for a hook's command that may hold a secret. */
export const commandMark = '(not kept: it may hold a secret)'

/**
 * The effective configuration of one application as YAML, with the vaults that it uses and without any secret: of a secret only
 * a reference to an environment variable or a file is kept, and of hooks only commands that surely hold none.
 */
export function showConfig(config: Config, appName: string): string {
  const app = config.apps[appName]
  if (app === undefined) return ''
  const vaults = Object.fromEntries(Object.entries(config.vaults).filter(([name]) => app.vaults === undefined || app.vaults.includes(name)))
  const { place, state, group } = config
  const part = { apps: { [appName]: { ...app, hooks: withoutSecretCommands(app.hooks) } }, ...(Object.keys(vaults).length > 0 ? { vaults } : { place }), state, group }
  return stringify(mapSecrets(configSchema, JSON.parse(JSON.stringify(part)), (secret) => isHarmless(secret) ? secret : secretMark), hideAddresses, { lineWidth: 0 })
}

function withoutSecretCommands(hooks: Config['apps'][string]['hooks']): unknown {
  return Object.fromEntries(Object.entries(hooks).map(([moment, list]) => [
    moment,
    list?.map((hook) => ({ ...hook, command: isPlainCommand(hook.command) ? hook.command : commandMark })),
  ]))
}

/** A reference that tells where the secret is and nothing of it. */
function isHarmless(secret: unknown): boolean {
  if (typeof secret === 'string') return /^(?:\$\{\w+\})+$/.test(secret)
  return typeof secret === 'object' && secret !== null && ('env' in secret || 'file' in secret)
}

/** The password in an address: `sftp://user:password@host`. */
function hideAddresses(_key: unknown, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/(\/\/[^\s/:@]*):[^\s/]+@/g, '$1@') : value
}
