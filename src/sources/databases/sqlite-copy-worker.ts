import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync, backup } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { lockHolder } from '../../disk/lock-holder.ts'
import { systemPath } from '../../disk/name-codec.ts'
import { sqliteCompanions } from './find-sqlite.ts'

/** `copy` is where the copy goes, in a folder of its own; without it the database is only described. */
export type SqliteTask = { readonly path: string; readonly folder: string; readonly copy?: string; readonly busyMs: number }
export type SqliteTable = { name: string; kind: 'table' | 'view'; rows?: number }
export type SqliteAnswer =
  | { readonly ok: true; readonly version: string; readonly tables: readonly SqliteTable[]; readonly faults: readonly string[]; readonly unchecked: readonly string[]; readonly openElsewhere?: number }
  | { readonly ok: false; readonly code: number; readonly message: string }

// Primary result codes of SQLite.
const busy = 5
const locked = 6
const readOnly = 8
const corrupt = 11
const cannotOpen = 14
const allPages = 0x7fff_ffff

async function answer(task: SqliteTask): Promise<SqliteAnswer> {
  try {
    if (task.copy === undefined) return examine(isIdleWal(task.path) ? withoutTraces(task.path) : systemPath(task.path), task.busyMs)
    await copyDatabase(task, task.copy)
    const openElsewhere = holderElsewhere(task.path)
    return { ...examine(task.copy, task.busyMs), ...(openElsewhere === undefined ? {} : { openElsewhere }) }
  } catch (error) {
    return { ok: false, code: resultCode(error), message: words(error) }
  }
}

async function copyDatabase(task: SqliteTask, copy: string): Promise<void> {
  if (isIdleWal(task.path)) {
    const before = stateOf(task.path)
    await backUp(withoutTraces(task.path), true, copy, task.busyMs)
    if (stateOf(task.path) === before && isIdleWal(task.path)) return
    rmSync(copy, { force: true })
  }
  try {
    await backUp(systemPath(task.path), true, copy, task.busyMs)
  } catch (error) {
    const code = resultCode(error) % 256
    if (code !== readOnly && code !== cannotOpen) throw error
    // A journal left by a crash, or a folder where we may not write: SQLite needs to write beside it, so not here but beside a copy.
    await backUp(systemPath(copiedWithJournals(task)), false, copy, task.busyMs)
  }
}

/** All pages at once, under one read lock that is waited for: a busy writer cannot make it start over for ever. */
async function backUp(path: string | Buffer | URL, isReadOnly: boolean, copy: string, busyMs: number): Promise<void> {
  const source = new DatabaseSync(path, { readOnly: isReadOnly })
  try {
    source.exec('BEGIN')
    takeReadLock(source, Date.now() + busyMs)
    await backup(source, copy, { rate: allPages })
  } finally {
    source.close()
  }
}

/** SQLite's own waiting grows to 100 ms between attempts: beside a writer that hardly pauses it would meet it every time. */
function takeReadLock(db: DatabaseSync, giveUpAt: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    try {
      db.prepare('SELECT count(*) FROM sqlite_schema').get()
      return
    } catch (error) {
      const code = resultCode(error) % 256
      if ((code !== busy && code !== locked) || Date.now() >= giveUpAt) throw error
      Atomics.wait(never, 0, 0, 2)
    }
  }
}

/** In WAL mode, and nobody has it open: there is no log beside it. */
function isIdleWal(path: string): boolean {
  const head = Buffer.alloc(20)
  const fd = openSync(systemPath(path), 'r')
  try {
    readSync(fd, head, 0, head.length, 0)
  } finally {
    closeSync(fd)
  }
  return head[18] === 2 && !sqliteCompanions(path).some((companion) => existsSync(systemPath(companion)))
}

/**
 * The process that has a database in WAL mode open under another name: by a hard link, or as a single file mounted into a
 * container. Its log then lies beside that name, where nobody looks.
 */
function holderElsewhere(path: string): number | undefined {
  if (!isIdleWal(path)) return undefined
  const { dev, ino } = statSync(systemPath(path), { bigint: true })
  const holder = lockHolder(new Set([`${dev}:${ino}`]))
  // One that has opened it here meanwhile has its log here.
  return isIdleWal(path) ? holder : undefined
}

/** A reader of an idle WAL database would leave an empty log and index behind, which it may not remove; this way it makes none. */
function withoutTraces(path: string): URL {
  const bytes = Buffer.from(systemPath(path))
  const escaped = [...bytes].map((byte) => (byte === 47 ? '/' : `%${byte.toString(16).padStart(2, '0')}`)).join('')
  return new URL(`file://${escaped}?immutable=1`)
}

function stateOf(path: string): string {
  return journalled(path).map((file) => {
    const { size, mtimeNs, ino } = statSync(systemPath(file), { bigint: true })
    return `${file} ${ino} ${size} ${mtimeNs}`
  }).join('\n')
}

function journalled(path: string): string[] {
  return [path, ...sqliteCompanions(path).filter((companion) => !companion.endsWith('-shm'))].filter((file) => existsSync(systemPath(file)))
}

/** Copies the file and its journals; again, when something wrote meanwhile. */
function copiedWithJournals(task: SqliteTask): string {
  const folder = join(task.folder, 'raw')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const copy = join(folder, basename(task.path))
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const before = stateOf(task.path)
    for (const path of journalled(task.path)) copyFileSync(systemPath(path), systemPath(join(folder, basename(path))))
    if (stateOf(task.path) === before) return copy
  }
  throw new Error('it was written to while it was copied, five times')
}

function examine(path: string | Buffer | URL, busyMs: number): SqliteAnswer {
  const db = new DatabaseSync(path, { readOnly: true, timeout: busyMs })
  try {
    db.exec('PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON')
    const version = String(db.prepare('SELECT sqlite_version() AS v').get()?.['v'])
    const faults = faultsOf(db)
    const unchecked: string[] = []
    const tables = tablesOf(db, faults).map((table): SqliteTable => {
      if (table.kind === 'view') return table
      try {
        return { ...table, rows: Number(db.prepare(`SELECT count(*) AS n FROM "${table.name.replaceAll('"', '""')}"`).get()?.['n']) }
      } catch (error) {
        // A virtual table of a module that the application brings; any other fault is one of the database.
        const list = /no such module/.test(words(error)) ? unchecked : faults
        list.push(`${table.name}: ${words(error)}`)
        return table
      }
    })
    return { ok: true, version, tables, faults, unchecked }
  } finally {
    db.close()
  }
}

function faultsOf(db: DatabaseSync): string[] {
  try {
    return db.prepare('PRAGMA quick_check(20)').all().map((row) => String(Object.values(row)[0])).filter((said) => said !== 'ok')
  } catch (error) {
    if (resultCode(error) % 256 !== corrupt) throw error
    return [words(error)]
  }
}

function tablesOf(db: DatabaseSync, faults: string[]): SqliteTable[] {
  try {
    return db.prepare("SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name").all()
      .map((row) => ({ name: String(row['name']), kind: row['type'] === 'view' ? 'view' : 'table' }))
  } catch (error) {
    if (resultCode(error) % 256 !== corrupt) throw error
    faults.push(words(error))
    return []
  }
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function resultCode(error: unknown): number {
  return typeof error === 'object' && error !== null && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : -1
}

parentPort?.postMessage(await answer(workerData as SqliteTask), [])
