import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { resolveSecret } from '../config/resolve-secret.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { Run } from '../model/run.ts'
import type { ContainerDatabase, LoginOptions } from '../sources/containers/container-database.ts'
import type { ServiceOptions } from '../sources/containers/containers-options.ts'
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

/**
 * The databases in an application's running containers. One that was only recognised and cannot be dumped is a warning as long as its
 * files are saved while it stands still; one that is asked for is an error. @throws AppError `database.unreachable`, `containers.*`, `config.secret`.
 */
export async function containerDumps(containers: readonly ApplicationContainer[], root: string, volumes: readonly Volume[], run: Run): Promise<readonly ContainerDump[]> {
  const found: ContainerDump[] = []
  for (const { container, mode, options } of containers) {
    const engine = engineOf(options, container)
    if (engine === undefined || options.dump === false) {
      if (mode === 'exec' && options.dump !== false) throw new AppError('config.invalid', `The container ${container.name} is to be dumped (mode: exec), and what database it is cannot be told`, { hint: 'Name it: dump: {engine: mariadb}.' })
      continue
    }
    if (container.state !== 'running') {
      const message = `${container.name} does not run: its database is not dumped`
      if (mode === 'exec') throw new AppError('database.unreachable', message, { hint: 'Start it, or set another mode for it.' })
      run.emit({ type: 'run.note', code: 'containers.no-dump', message: `${message}; its files are saved as they lie there` })
      continue
    }
    const runsOn = mode === 'exec' || mode === 'leave' || mode === 'maintenance'
    try {
      for (const database of await openContainerDatabases(container, engine, await loginOf(options, run.signal), run.signal)) {
        const rawPath = database.dataFolder === undefined ? undefined : savedPath(container, database.dataFolder, root, volumes)
        found.push({ database, runsOn, rawPath, dumpName: dumpNameOf(database, root, new Set(found.map(({ dumpName }) => dumpName.toLowerCase()))) })
      }
    } catch (error) {
      if (run.signal.aborted || !(error instanceof AppError) || runsOn || options.dump !== undefined) throw error
      run.emit({ type: 'run.warning', code: 'containers.no-dump', message: `The database in ${container.name} could not be dumped, and is in the restore point as its raw files only: ${messageOf(error)}. Give its user and password, or say that no dump is wanted: containers: {services: {${callName(container)}: {dump: …}}}` })
    }
  }
  return found
}

function engineOf({ dump }: ServiceOptions, container: ApplicationContainer['container']): ContainerEngine | undefined {
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

/** `databases/SERVICE_DATABASE.sql`; never a name that the live tree has. */
function dumpNameOf({ name, dumpEnding }: ContainerDatabase, root: string, taken: ReadonlySet<string>): string {
  const safe = name.replaceAll(/[()]/g, '').replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_')
  for (let attempt = 1; ; attempt++) {
    const path = `databases/${safe}${attempt === 1 ? '' : `-${attempt}`}${dumpEnding}`
    if (!taken.has(path.toLowerCase()) && lstatSync(join(root, path), { throwIfNoEntry: false }) === undefined) return path
  }
}
