import { constants, readdirSync, statSync } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Config } from '../config/config-schema.ts'
import type { FolderProbe } from '../disk/folder-probe.ts'
import { isWithin } from '../disk/is-within.ts'
import { realPath } from '../disk/real-path.ts'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import type { Discovered } from '../model/api/settings.ts'
import { listContainers } from '../sources/containers/container.ts'
import { Engine } from '../sources/containers/engine-client.ts'
import type { EngineEnvironment } from '../sources/containers/engine-socket.ts'
import { engineSockets } from '../sources/containers/engine-socket.ts'
import { ApplicationFolder } from '../sources/presets/application-folder.ts'
import { detectPreset } from '../sources/presets/detect-preset.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'
import { applicationAt, presetWhereThere } from './application.ts'
import { placeFacts } from './place-facts.ts'
import { silentPlace } from './silent-place.ts'

/** Where applications usually lie; the home of whoever asks comes with it. */
const usualParents = ['/var/www', '/var/www/html', '/srv', '/opt', '/home', '/root', '/usr/share']
const mostFound = 50
const engineMs = 10_000

type Surroundings = {
  /** Those that are configured. */
  readonly apps: readonly Pick<Application, 'name' | 'root'>[]
  readonly config: Config | undefined
  readonly defaultPlace: string
  readonly probe: Pick<FolderProbe, 'answers'>
}

type Options = Surroundings & {
  readonly env: EngineEnvironment
  readonly signal: AbortSignal
  /** In place of the usual ones. */
  readonly parents?: readonly string[]
}

type Known = { readonly app: Application; readonly preset: Preset }

/**
 * Applications on this machine that a preset knows, in the folders where they usually lie and wherever containers of a compose
 * file have theirs. Only names of folders are looked at, and small files that tell what they are; what cannot be read is not
 * found.
 */
export async function findApplications(options: Options): Promise<readonly Discovered[]> {
  const { env, parents = [...usualParents, ...(env['HOME'] === undefined ? [] : [env['HOME']])] } = options
  const homes = parents.includes('/home') ? childrenOf('/home') : []
  const candidates = [...parents.flatMap((parent) => [parent, ...childrenOf(parent)]), ...homes.flatMap(childrenOf), ...await composeFolders(options)]
  const known = new Set(options.apps.map(({ root }) => root))
  const found: Known[] = []
  for (const root of new Set(candidates.map(realPath))) {
    if (known.has(root) || found.length >= mostFound) continue
    found.push(...lookAt(root, options))
  }
  return await Promise.all(found.map(async (one) => await discovered(one, options, found.map(({ app }) => app.root))))
}

/**
 * What could be added from one folder, whatever lies in it.
 *
 * @throws AppError `usage` for a path that is not whole, or an application that is configured; `source.missing`,
 *   `source.unreadable`, `vault.silent`.
 */
export async function discoverFolder(folder: string, surroundings: Surroundings): Promise<Discovered> {
  await requireFolder(folder, surroundings.probe)
  const app = applicationAt(folder, surroundings.config, surroundings.defaultPlace)
  if (app.configured) throw new AppError('usage', `${app.root} is already the application "${app.name}"`, { hint: 'It is protected as its settings say.' })
  return await discovered({ app, preset: presetWhereThere(app) }, surroundings, [])
}

async function requireFolder(folder: string, probe: Surroundings['probe']): Promise<void> {
  const hint = 'Check the path; it is one of the machine, or the container, that the server runs on.'
  if (!isAbsolute(folder)) throw new AppError('usage', 'Write the whole path, from / on')
  if (!await probe.answers(folder)) throw silentPlace(folder)
  try {
    if (!(await stat(folder)).isDirectory()) throw new AppError('source.missing', `${folder} is no folder`, { hint })
    await access(folder, constants.R_OK | constants.X_OK)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (systemCode(cause) === 'ENOENT' || systemCode(cause) === 'ENOTDIR') throw new AppError('source.missing', `There is no folder ${folder}`, { hint, cause })
    throw new AppError('source.unreadable', `${folder} cannot be read: ${messageOf(cause)}`, { hint: 'Let the user that the server runs as read it.', cause })
  }
}

/** `roots`: of others that may be added too, which a place could lie in. */
async function discovered({ app: { name, root, vaults }, preset }: Known, { apps, defaultPlace, probe }: Surroundings, roots: readonly string[]): Promise<Discovered> {
  const around = { root, roots: [...apps.map((app) => app.root), ...roots], defaultPlace, probe }
  return {
    root, preset: preset.name, name, databases: databasesOf(preset, root),
    places: await Promise.all(vaults.map(async (plan) => await placeFacts(plan, around))),
    overlaps: apps.filter((app) => app.root !== root && (isWithin(root, app.root) || isWithin(app.root, root))).map((app) => ({ app: app.name, root: app.root, is: isWithin(root, app.root) ? 'below' : 'above' })),
  }
}

/** None, or one. */
function lookAt(root: string, { config, defaultPlace }: Surroundings): readonly Known[] {
  try {
    const preset = detectPreset(root)
    return preset.name === 'generic' ? [] : [{ preset, app: applicationAt(root, config, defaultPlace) }]
  } catch {
    return []
  }
}

/** A configuration that cannot be understood is told when it is backed up. */
function databasesOf(preset: Preset, root: string): string[] {
  try {
    return (preset.databases?.(new ApplicationFolder(root)) ?? []).flatMap((database) => database.type === 'sqlite' ? [database.path] : database.name ?? [])
  } catch {
    return []
  }
}

/** An engine that does not answer has no folders to tell. */
async function composeFolders({ env, signal }: Options): Promise<readonly string[]> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(engineMs)])
    const folders: string[] = []
    for (const socket of engineSockets(undefined, env)) {
      const containers = await listContainers(await Engine.open(socket, within), within)
      folders.push(...containers.flatMap(({ projectFolder }) => projectFolder ?? []))
    }
    return folders
  } catch {
    return []
  }
}

function childrenOf(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.')).map(({ name }) => join(folder, name)).filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
  } catch {
    return []
  }
}
