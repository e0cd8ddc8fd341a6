import { closeSync, openSync } from 'node:fs'
import type { SQLInputValue } from 'node:sqlite'
import { DatabaseSync } from 'node:sqlite'
import type { Dialect, SqliteDatabase, SqliteStatement } from 'kysely'
import { SqliteDialect } from 'kysely'
import { AppError, systemCode } from '../kit/app-error.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** Long enough for another process's transaction, short enough for a person who waits. */
const busyMs = 10_000

export type SqliteOptions = {
  /**
   * `full`: what is committed outlives a power cut, at one fsync a commit. `normal`: the last commits before a power cut may be
   * lost, and nothing else. Neither loses anything when the process is killed, and the file stays whole either way.
   */
  readonly synchronous?: 'full' | 'normal'
}

/**
 * Kysely on Node's own SQLite: one connection to one file, made with mode 600 where it is missing, in WAL mode, with
 * foreign keys. It is opened by the first query. Booleans are stored as 0 and 1.
 *
 * `full` by default: a token that was revoked must stay revoked, also after a power cut. Who can rebuild what is lost asks
 * for `normal`.
 *
 * Every query @throws AppError `state.damaged`, `state.denied`, `storage.full`, `storage.failed`, `lock.held`.
 */
export function sqliteDialect(path: string, { synchronous = 'full' }: SqliteOptions = {}): Dialect {
  return new SqliteDialect({ database: async () => open(path, synchronous) })
}

function open(path: string, synchronous: 'full' | 'normal'): SqliteDatabase {
  makePrivate(path)
  return told(path, () => {
    const database = new DatabaseSync(path, { timeout: busyMs, enableForeignKeyConstraints: true })
    try {
      // Readers never wait for a writer, and a killed writer leaves what was committed before. Where the file system cannot
      // have it, the journal of old stays, which is as safe.
      database.exec('PRAGMA journal_mode = WAL')
      database.exec(`PRAGMA synchronous = ${synchronous}`)
    } catch (error) {
      database.close()
      throw error
    }
    return {
      close: () => database.close(),
      // What took the transaction back by itself, as a full disk does, is told, and not that there is none any more.
      prepare: (sql) => sql === 'rollback' && !database.isTransaction ? nothing : told(path, () => statement(database, sql, path)),
    }
  })
}

const nothing: SqliteStatement = { reader: false, all: () => [], run: () => ({ changes: 0, lastInsertRowid: 0 }), iterate: () => [].values() }

/** SQLite gives -wal and -shm the mode of the file that they belong to. */
function makePrivate(path: string): void {
  if (path === ':memory:') return
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return
    if (systemCode(cause) === 'ENOSPC') throw new AppError('storage.full', `There is no room left for ${path}`, { hint: 'Free space on the disk that it lies on.', cause })
    throw new AppError('state.denied', `${path} cannot be made`, { hint: 'Its folder must be there and writable.', cause })
  }
}

function statement(database: DatabaseSync, sql: string, path: string): SqliteStatement {
  const prepared = database.prepare(sql)
  return {
    reader: prepared.columns().length > 0,
    all: (parameters) => told(path, () => prepared.all(...parameters.map(bound))),
    run: (parameters) => told(path, () => prepared.run(...parameters.map(bound))),
    iterate: (parameters) => prepared.iterate(...parameters.map(bound)),
  }
}

function bound(value: unknown): SQLInputValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || value instanceof Uint8Array) return value
  throw new AppError('internal', `A value of the type ${typeof value} cannot be stored`)
}

function told<Result>(path: string, act: () => Result): Result {
  try {
    return act()
  } catch (error) {
    throw sqliteFailure(error, path)
  }
}
