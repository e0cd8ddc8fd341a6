import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { resolveSecret } from '../config/resolve-secret.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { Run } from '../model/run.ts'
import type { ContainerDatabase, ContainerServer, LoginOptions } from '../sources/containers/container-database.ts'
import type { ServiceOptions } from '../sources/containers/containers-options.ts'
import { likelyDataFolder } from '../sources/containers/data-folder.ts'
import { callName } from '../sources/containers/find-containers.ts'
import { openContainerDatabases } from '../sources/containers/open-container-databases.ts'
import type { ContainerEngine } from '../sources/containers/recognise-engine.ts'
import { recogniseEngine } from '../sources/containers/recognise-engine.ts'
import type { Volume } from '../sources/containers/volumes.ts'
import { savedPath } from '../sources/containers/volumes.ts'
import type { ApplicationContainer } from './containers-of.ts'

export type ContainerDump = {
  readonly database: ContainerDatabase
  readonly dumpName: string
  /** Where its server's raw files lie among the application's files; undefined where they lie elsewhere. */
  readonly rawPath: string | undefined
  /** Its server runs while the files are read, so that its raw files are no backup and are left out. */
  readonly runsOn: boolean
}

/** What is saved beside the dumps. */
export type SavedFiles = {
  readonly root: string
  readonly volumes: readonly Volume[]
  /** Whether a folder, by its path in the restore point, is saved whole. */
  isSaved(path: string): boolean
}

/**
 * The databases in an application's running containers. One that was only recognised and cannot be dumped is a warning, and one that is
 * asked for an error. What is neither dumped nor saved as raw files that stand still is told as a warning.
 * @throws AppError `database.unreachable`, `containers.*`, `config.secret`.
 */
export async function containerDumps(containers: readonly ApplicationContainer[], files: SavedFiles, run: Run): Promise<readonly ContainerDump[]> {
  const found: ContainerDump[] = []
  for (const one of containers) {
    const { container, mode, options } = one
    if (container.isOneOff) continue
    const engine = engineOf(one)
    if (engine === undefined || options.dump === false) {
      if (mode === 'exec' && options.dump !== false) throw new AppError('config.invalid', `The container ${container.name} is to be dumped (mode: exec), and what database it is cannot be told`, { hint: 'Name it: dump: {engine: mariadb}.' })
      continue
    }
    if (container.state !== 'running') {
      if (mode === 'exec') throw new AppError('database.unreachable', `${container.name} does not run: its database is not dumped`, { hint: 'Start it, or set another mode for it.' })
      tellNotRunning(one, engine, files, run)
      continue
    }
    const runsOn = mode === 'exec' || mode === 'leave' || mode === 'maintenance'
    try {
      const server = await openContainerDatabases(container, engine, await loginOf(options, run.signal), run.signal)
      const rawPath = server.dataFolder === undefined ? undefined : savedPath(container, server.dataFolder, files.root, files.volumes)
      if (runsOn || rawPath === undefined || !files.isSaved(rawPath)) await tellNotDumped(server, one, run)
      for (const plain of server.databases) {
        const database = isShared(container, containers) ? withProject(plain) : plain
        found.push({ database, runsOn, rawPath, dumpName: dumpNameOf(database, files.root, new Set(found.map(({ dumpName }) => dumpName.toLowerCase()))) })
      }
    } catch (error) {
      if (run.signal.aborted || !(error instanceof AppError) || runsOn || options.dump !== undefined) throw error
      const where = rawFilesOf(one, engine, files) === undefined ? 'its raw files are not in the restore point either' : 'is in the restore point as its raw files only'
      run.emit({ type: 'run.warning', code: 'containers.no-dump', message: `The database in ${container.name} could not be dumped, and ${where}: ${messageOf(error)}. Give its user and password, or say that no dump is wanted: containers: {services: {${callName(container)}: {dump: …}}}` })
    }
  }
  return found
}

/** Where the files of a server that cannot be asked are saved; undefined where they are not. */
function rawFilesOf({ container }: ApplicationContainer, engine: ContainerEngine, { root, volumes, isSaved }: SavedFiles): string | undefined {
  const path = savedPath(container, likelyDataFolder(container, engine), root, volumes)
  return path !== undefined && isSaved(path) ? path : undefined
}

function tellNotRunning(one: ApplicationContainer, engine: ContainerEngine, files: SavedFiles, run: Run): void {
  const { container } = one
  const path = rawFilesOf(one, engine, files)
  if (path !== undefined) {
    run.emit({ type: 'run.note', code: 'containers.no-dump', path, message: `${container.name} does not run: its database is not dumped; its files are saved as they lie there` })
    return
  }
  run.emit({ type: 'run.warning', code: 'containers.no-dump', message: `${container.name} does not run: its database is not dumped, and its files (in the container: ${likelyDataFolder(container, engine)}) are not in the restore point either. Start it, keep them in a folder or volume that is saved, or say that no dump is wanted: containers: {services: {${callName(container)}: {dump: false}}}` })
}

/** Where no raw files are saved the dumps stand for the whole server. */
async function tellNotDumped(server: ContainerServer, { container, options }: ApplicationContainer, run: Run): Promise<void> {
  const left = await server.notDumped(run.signal)
  const names = (left ?? []).map((name) => `"${name}"`).join(', ')
  if (options.dump !== undefined && options.dump !== false && options.dump.databases !== undefined) {
    if (names !== '') run.emit({ type: 'run.note', code: 'containers.no-dump', message: `Of the databases in ${container.name} those that the configuration names are dumped; not saved: ${names}` })
    return
  }
  const ask = `Give a user who may see and read all of them: containers: {services: {${callName(container)}: {dump: {user: …, password: …}}}}; or name those that are to be saved: {dump: {databases: […]}}`
  if (left === undefined) run.emit({ type: 'run.warning', code: 'containers.no-dump', message: `Whether all databases in ${container.name} are dumped cannot be told: the user does not see all, and their folders cannot be listed. Its raw files are not saved. ${ask}` })
  else if (left.length > 0) run.emit({ type: 'run.warning', code: 'containers.no-dump', message: `Not all databases in ${container.name} are dumped, and its raw files are not saved: ${names}. ${ask}` })
}

/** What database server a container is, by its configuration or by itself. */
export function engineOf({ container, options: { dump } }: ApplicationContainer): ContainerEngine | undefined {
  const named = dump === undefined || dump === false ? undefined : dump.engine
  return named === 'influxdb2' ? 'influxdb' : named ?? recogniseEngine(container)
}

/** What the configuration says of how to get in. */
export async function loginOf({ dump }: ServiceOptions, signal: AbortSignal): Promise<LoginOptions> {
  if (dump === undefined || dump === false) return {}
  return {
    ...(dump.user === undefined ? {} : { user: dump.user }),
    ...(dump.password === undefined ? {} : { password: (await resolveSecret(dump.password, signal)).reveal() }),
    ...(dump.token === undefined ? {} : { token: (await resolveSecret(dump.token, signal)).reveal() }),
    ...(dump.databases === undefined ? {} : { databases: dump.databases }),
  }
}

function isShared(container: ApplicationContainer['container'], containers: readonly ApplicationContainer[]): boolean {
  return containers.some(({ container: other }) => callName(other) === callName(container) && other.project !== container.project)
}

/** Services of two projects may have one name; people have to tell their dumps apart. */
function withProject(database: ContainerDatabase): ContainerDatabase {
  const { container } = database
  if (container.project === undefined) return database
  const name = `${container.project}/${database.name}`
  return {
    ...database, name,
    async dump(run, place) {
      const dump = await database.dump(run, place)
      return { entry: dump.entry, facts: () => ({ ...dump.facts(), name }), [Symbol.asyncDispose]: async () => await dump[Symbol.asyncDispose]() }
    },
  }
}

/** `databases/SERVICE_DATABASE.sql`; never a name that the live tree has. */
function dumpNameOf({ name, dumpEnding }: ContainerDatabase, root: string, taken: ReadonlySet<string>): string {
  const safe = name.replaceAll(/[()]/g, '').replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_')
  for (let attempt = 1; ; attempt++) {
    const path = `databases/${safe}${attempt === 1 ? '' : `-${attempt}`}${dumpEnding}`
    if (!taken.has(path.toLowerCase()) && lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined) return path
  }
}
