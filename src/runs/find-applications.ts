import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { realPath } from '../disk/real-path.ts'
import type { Discovered } from '../model/api/settings.ts'
import { listContainers } from '../sources/containers/container.ts'
import { Engine } from '../sources/containers/engine-client.ts'
import type { EngineEnvironment } from '../sources/containers/engine-socket.ts'
import { engineSockets } from '../sources/containers/engine-socket.ts'
import { ApplicationFolder } from '../sources/presets/application-folder.ts'
import { detectPreset } from '../sources/presets/detect-preset.ts'
import type { Preset } from '../sources/presets/preset.ts'
import { applicationAt } from './application.ts'

/** Where applications usually lie; the home of whoever asks comes with it. */
const usualParents = ['/var/www', '/var/www/html', '/srv', '/opt', '/home', '/root', '/usr/share']
const mostFound = 50
const engineMs = 10_000

type Options = {
  /** Roots that are passed over: they are configured already. */
  readonly known: ReadonlySet<string>
  readonly defaultPlace: string
  readonly env: EngineEnvironment
  readonly signal: AbortSignal
  /** In place of the usual ones. */
  readonly parents?: readonly string[]
}

/**
 * Applications on this machine that a preset knows, in the folders where they usually lie and wherever containers of a compose
 * file have theirs. Only names of folders are looked at, and small files that tell what they are; what cannot be read is not
 * found.
 */
export async function findApplications(options: Options): Promise<readonly Discovered[]> {
  const { env, parents = [...usualParents, ...(env['HOME'] === undefined ? [] : [env['HOME']])] } = options
  const homes = parents.includes('/home') ? childrenOf('/home') : []
  const candidates = [...parents.flatMap((parent) => [parent, ...childrenOf(parent)]), ...homes.flatMap(childrenOf), ...await composeFolders(options)]
  const found = new Map<string, Discovered>()
  for (const root of new Set(candidates.map(realPath))) {
    if (options.known.has(root) || found.size >= mostFound) continue
    const known = lookAt(root, options.defaultPlace)
    if (known !== undefined) found.set(root, known)
  }
  return [...found.values()]
}

function lookAt(root: string, defaultPlace: string): Discovered | undefined {
  try {
    const preset = detectPreset(root)
    if (preset.name === 'generic') return undefined
    return { root, preset: preset.name, name: applicationAt(root, undefined, defaultPlace).name, databases: databasesOf(preset, root) }
  } catch {
    return undefined
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
