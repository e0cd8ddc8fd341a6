import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RecoveredConfig } from '../config/config-from-manifest.ts'
import { configFromManifest } from '../config/config-from-manifest.ts'
import type { AppConfig, Config } from '../config/config-schema.ts'
import { configSchema } from '../config/config-schema.ts'
import { defaultPaths, thisPerson } from '../config/default-paths.ts'
import { usualConfigFiles } from '../config/find-config.ts'
import { parseConfig } from '../config/parse-config.ts'
import { recoveredSection } from '../config/recovered-section.ts'
import type { NewApplication } from '../config/write-config.ts'
import { addApplication, writeNewConfig } from '../config/write-config.ts'
import { realPath } from '../disk/real-path.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import { printable } from '../kit/printable.ts'
import type { Manifest, Remark } from '../model/restore-point.ts'
import { configuredApplication } from '../runs/application.ts'
import type { Setup } from '../runs/setup.ts'
import { askYesNo, mayAsk } from './ask.ts'
import type { CommandContext } from './command-context.ts'

type Options = { readonly target?: string; readonly only?: string; readonly path?: readonly string[]; readonly dryRun?: boolean; readonly trust?: boolean; readonly trustHooks?: boolean }

/** What became of a configuration that came back: the file that holds it now, if one does, and what the user is to know. */
export type Kept = { readonly file?: string; readonly notes: readonly Remark[]; readonly warnings: readonly Remark[] }

/** `keep` writes it, after the restore has succeeded; it never throws. */
type Recovered = { readonly config: Config; readonly keep?: () => Promise<Kept> }

/** `new`: it becomes the configuration; `join`: a part of the one that is there, where the two fit; `beside`: a file that nothing reads. */
type Destination = { readonly file: string; readonly way: 'new' | 'join' | 'beside' }

/** `isFile`: the archive was named by its path, and may be anybody's. */
type RestoredPoint = { readonly id: string; readonly manifest: Manifest; readonly isFile: boolean }

type Written = { readonly file?: string; readonly said: string }

/**
 * The configuration inside the restore point, where the application has none: it tells how to reach databases, and is brought
 * back with the application.
 */
export async function recoverConfig(context: CommandContext, point: RestoredPoint, options: Options): Promise<Recovered | undefined> {
  const { config: text, app } = point.manifest
  if (text === undefined || context.setup.config?.apps[app] !== undefined) return undefined
  if (context.setup.config !== undefined && options.target !== undefined) return undefined
  try {
    return await readConfig(context, text, point, options)
  } catch (error) {
    // One of a later version, perhaps: files and databases come back all the same.
    if (!(error instanceof AppError) || error.code !== 'config.invalid') throw error
    const warning = { code: error.code, message: `${error.message}. ${error.hint ?? ''}` }
    return { config: configSchema.parse({ apps: {} }), ...(options.dryRun === true ? {} : { keep: async () => ({ notes: [], warnings: [warning] }) }) }
  }
}

async function readConfig({ setup, output, options: { ask, json } }: CommandContext, text: string, { id, manifest, isFile }: RestoredPoint, options: Options): Promise<Recovered> {
  const known = configFromManifest(text, { trustHooks: true })
  const withHooks = configFromManifest(text, { trustHooks: false })
  const whole = parsed(known.text)
  const destination = destinationOf(setup, manifest, whole, isFile, options)
  if (destination === undefined) return { config: options.trustHooks === true ? whole : parsed(withHooks.text) }
  let trustHooks = options.trustHooks === true
  if (!trustHooks && known.text !== withHooks.text && mayAsk({ ask, json })) {
    output.say(`The restore point brings hooks, commands that later runs would start:\n${known.text.split('\n').map(printable).join('\n')}`)
    trustHooks = await askYesNo('Keep these hooks?')
  }
  const recovered = trustHooks ? known : withHooks
  return { config: parsed(recovered.text), keep: async () => await keep(destination, setup.config, recovered, { id, name: manifest.app }) }
}

function parsed(text: string): Config {
  return parseConfig(text, 'the configuration in the restore point', thisPerson().home)
}

/** Where it goes, if anywhere: it comes with the return of a whole application that is known under no name here. */
function destinationOf(setup: Setup, manifest: Manifest, { apps }: Config, isFile: boolean, options: Options): Destination | undefined {
  const app = apps[manifest.app]
  // The name becomes one of a file: that of a hostile archive is taken only where it is one that a configuration may have.
  if (app === undefined || options.target !== undefined || options.dryRun === true || options.only !== undefined || options.path !== undefined) return undefined
  const isOutside = isFile || manifest.foreign !== undefined
  if (setup.config !== undefined) {
    // Whoever renamed or removed it wants it neither twice nor back.
    if (setup.configFile === undefined || hasRoot(setup.config, [manifest.root, app.root])) return undefined
    return { file: setup.configFile, way: isOutside ? 'beside' : 'join' }
  }
  const files = usualConfigFiles(thisPerson())
  const file = process.geteuid?.() === 0 ? files.at(-1) : files[0]
  if (file === undefined || existsSync(file)) return undefined
  return { file, way: isOutside && options.trust !== true && options.trustHooks !== true ? 'beside' : 'new' }
}

function hasRoot({ apps }: Config, roots: readonly string[]): boolean {
  const wanted = new Set(roots.flatMap((root) => root === '' ? [] : [root, realPath(root)]))
  return Object.values(apps).some(({ root }) => wanted.has(root) || wanted.has(realPath(root)))
}

/** Whatever goes wrong here, the restore has succeeded: that is told as a warning, never instead of it. */
async function keep(destination: Destination, there: Config | undefined, recovered: RecoveredConfig, { id, name }: { id: string; name: string }): Promise<Kept> {
  const todo = recovered.notes.map((note) => remark(note))
  try {
    const { file, said } = await writeTo(destination, there, recovered, name)
    return file === undefined ? { notes: [remark(said)], warnings: [] } : { file, notes: [remark(said), ...todo], warnings: [] }
  } catch (error) {
    const why = `The configuration that the restore point kept could not be written to ${destination.file}: ${messageOf(error).split('\n', 1).join('')}.`
    const { file, said } = await keepBeside(destination.file, name, recovered.text, why).catch((): Written => ({ said: why }))
    if (file !== undefined) return { file, notes: [remark(said), ...todo], warnings: [] }
    const todoNow = `The restore itself is complete, but ${name} is in no configuration, and no schedule saves it. Correct the cause and add it by hand: "holdfast show ${id} --json" shows what the restore point kept (manifest.config).`
    return { notes: [], warnings: [{ code: error instanceof AppError ? error.code : 'internal', message: `${said} ${todoNow}` }] }
  }
}

function remark(message: string): Remark {
  return { code: 'restore.configuration', message }
}

async function writeTo({ file, way }: Destination, there: Config | undefined, { text, value }: RecoveredConfig, name: string): Promise<Written> {
  if (way === 'new') {
    await writeNewConfig(file, text)
    return { file, said: `The configuration that the restore point kept is now ${file}.` }
  }
  if (way === 'beside' || there === undefined) return await keepBeside(file, name, text, `The configuration that the archive brings is not taken over into ${file}, for the archive comes from outside${there === undefined ? '; with --trust it would be' : ''}.`)
  const app = value.apps[name]
  const section = app === undefined ? undefined : recoveredSection(there, value, name, usualPlace(app))
  if (section === undefined) return await keepBeside(file, name, text, `The configuration that the restore point kept saves to other places than ${file} does, or in another way.`)
  return await keepWithin(file, section)
}

/** Where its backups go while nothing says otherwise: some kinds of applications have a place of their own. */
function usualPlace({ root, preset }: AppConfig): string {
  const { place } = defaultPaths(thisPerson())
  const alone = configSchema.parse({ apps: { alone: { root, ...(preset === undefined ? {} : { preset }) } } })
  return configuredApplication('alone', alone, place).vaults[0]?.place ?? place
}

/** Several applications come back one after the other: each after the first joins the file that is there. */
async function keepWithin(file: string, section: NewApplication): Promise<Written> {
  await addApplication(file, section)
  return { file, said: `The configuration that the restore point kept for ${section.name} is now part of ${file}.` }
}

/** @throws AppError as writeNewConfig. */
async function keepBeside(file: string, name: string, text: string, why: string): Promise<Written> {
  const beside = join(dirname(file), `holdfast-${name}.yaml`)
  const there = existsSync(beside) ? await readFile(beside, 'utf8') : undefined
  if (there !== undefined && there !== text) return { said: `${why} There is a ${beside} with other content already, so that it was not written: move that file away and restore again, or take over what you need from "holdfast show --json" (manifest.config).` }
  if (there === undefined) await writeNewConfig(beside, text)
  return { file: beside, said: `${why} It is ${beside}, which nothing reads: take over what you need.` }
}
