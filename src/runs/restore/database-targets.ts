import type { DatabaseConfig } from '../../config/config-schema.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { DatabaseFacts, Manifest } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Database } from '../../sources/databases/database.ts'
import type { TargetDatabases } from '../open-databases.ts'
import { openServerDatabase } from '../open-databases.ts'
import type { RestoreDatabase } from './restore-database.ts'
import type { DatabasePlace } from './same-database.ts'

type ServerConfig = Extract<DatabaseConfig, { type: 'mariadb' }>

/** `known`: what the target application's configuration, or the restore point's, says of its databases. */
export type TargetOptions = TargetDatabases & {
  /** What the command line says of the server; it goes before what is known. */
  readonly overrides: Partial<Omit<ServerConfig, 'type' | 'name'>>
  /** Other names: the point's database → the one to write into. */
  readonly renamed: ReadonlyMap<string, string>
  /** False for dumps out of archives of other programs or from outside, whose statements may do harm. */
  readonly trusted: boolean
  /** SQL for what was imported, from the preset. */
  readonly afterImport?: string
}

/** The dumps of servers' databases in a point; those of containers are imported there, SQLite databases are among its files. */
export function serverDumps(manifest: Manifest): readonly DatabaseFacts[] {
  return manifest.databases.filter(({ engine, container }) => engine !== 'sqlite' && container === undefined)
}

/**
 * For each dump of a point the database that it is imported into. @throws AppError `database.unreachable` where nothing tells
 * which; `config.secret`; `usage` for a name that the point does not have.
 */
export async function databaseTargets(dumps: readonly DatabaseFacts[], { known, whyUnknown, overrides, renamed, trusted, afterImport }: TargetOptions, scratch: string, run: Run): Promise<readonly RestoreDatabase[]> {
  for (const name of renamed.keys()) {
    if (!dumps.some((facts) => facts.name === name)) throw new AppError('usage', `The restore point holds no database "${name}"`, { hint: `It holds: ${dumps.map((facts) => facts.name).join(', ') || 'none'}.` })
  }
  const servers = known.filter((config): config is ServerConfig => config.type === 'mariadb')
  return await Promise.all(dumps.map(async (facts) => {
    const target = renamed.get(facts.name)
    const found = servers.find(({ name }) => name === (target ?? facts.name)) ?? servers.find(({ name }) => name === facts.name) ?? (servers.length === 1 && dumps.length === 1 ? servers[0] : undefined)
    if (found === undefined && Object.keys(overrides).length === 0 && target === undefined) {
      throw new AppError('database.unreachable', `The restore point holds the database ${facts.name}, and nothing here tells how to reach its server${whyUnknown === undefined ? '' : `. ${whyUnknown.message}`}`, {
        cause: whyUnknown,
        hint: 'Give --db-socket or --db-host with --db-user, or a configuration; or restore the files alone with --only files.',
      })
    }
    // The command line's host must not be passed by because a socket is configured, nor the other way round.
    const { host: _host, port: _port, socket: _socket, ...rest } = found ?? { type: 'mariadb' as const }
    const base = overrides.host !== undefined || overrides.socket !== undefined ? rest : found ?? rest
    const name = target ?? found?.name ?? facts.name
    const place: ServerConfig = { ...base, ...overrides, type: 'mariadb', name }
    return restoreDatabase(await openServerDatabase(place, run.signal), place, facts, scratch, { trusted, ...(afterImport === undefined ? {} : { afterImport }) })
  }))
}

function restoreDatabase(database: Database, place: DatabasePlace, facts: DatabaseFacts, scratch: string, { trusted, afterImport }: Pick<TargetOptions, 'trusted' | 'afterImport'>): RestoreDatabase {
  return {
    name: facts.name,
    facts,
    path: facts.path,
    place,
    label: `the database ${database.name}`,
    async check(run) {
      await database.describe(run)
    },
    async dump(run) {
      const isEmpty = database.holdsNothing === undefined ? (await database.describe(run)).length === 0 : await database.holdsNothing(run)
      if (isEmpty) return undefined
      const dump = await database.dump(run, { path: facts.path, scratch })
      const { entry } = dump
      if (entry.open === undefined) throw new AppError('internal', 'A dump has no content')
      return disposing(entry.open(run.signal), dump)
    },
    async import(content, run) {
      await database.restore(content, run, facts, trusted ? 'ours' : 'stranger')
      if (afterImport === undefined) return
      await database.execute(afterImport, run).catch((error: unknown) => run.emit({ type: 'run.warning', code: 'database.after-import', message: `${database.name} was imported, but "${afterImport}" failed: ${messageOf(error)}` }))
    },
    async importKept(content, run) {
      await database.restore(content, run)
    },
    async clear(run) {
      await database.restore(emptyDump(), run)
    },
  }
}

async function* disposing(content: AsyncIterable<Uint8Array>, resource: AsyncDisposable): AsyncGenerator<Uint8Array> {
  await using _held = resource
  yield* content
}

async function* emptyDump(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('-- MariaDB dump of an empty database\n-- Dump completed\n')
}
