import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { decodeName, encodeName } from '../../disk/name-codec.ts'
import { databaseFactsSchema } from '../../model/restore-point.ts'

/**
 * How far a restore has come. Until `changing` nothing live was touched; from `changing` to `done` the application is
 * half restored; `done` is a safety point that can be undone; `undone` has given everything back.
 */
const restoreStateSchema = z.enum(['staging', 'changing', 'done', 'rolling-back', 'undone'])
export type RestoreState = z.infer<typeof restoreStateSchema>

/**
 * `add`: nothing was there; `replace`: the original goes aside; `remove`: the original goes aside and nothing comes.
 * `folder`: gets the metadata of the restore point; `parent`: keeps its own, though something in it was moved.
 */
export type SwapOperation = { readonly seq: number; readonly kind: 'add' | 'replace' | 'remove' | 'folder' | 'parent'; readonly path: string }

const aboutSchema = z.object({
  app: z.string(),
  target: z.string(),
  point: z.string(),
  /** What the restore point's application was; a half restored target may not tell any more. */
  preset: z.string().default('generic'),
  createdTarget: z.boolean(),
  /** Whether the restore point was trusted as ours. */
  trusted: z.boolean().default(false),
  startedAt: z.iso.datetime(),
  /** Who prepares it: as long as that lives, its stage is not removed. */
  process: z.object({ pid: z.int(), start: z.string() }),
  /** Databases that are imported over, with the files (in `databases/`) that hold the new and the former content. */
  databases: z.array(z.object({ facts: databaseFactsSchema, dump: z.string(), safety: z.string().optional() })),
  /** Volumes of containers that are restored with it, each with a work folder and a record of its own. */
  volumes: z.array(z.object({ name: z.string(), target: z.string(), folder: z.string() })).default([]),
})
export type RestoreAbout = z.infer<typeof aboutSchema>

/**
 * The durable record of one restore, `restore.db` in its work folder. Every change is synced before it returns, so that
 * after a kill or a power cut it tells what may have been touched.
 */
export class RestoreRecord implements Disposable {
  readonly folder: string
  readonly #database: DatabaseSync

  /** Opens the record of a work folder, or makes it. @throws AppError `restore.failed` where it cannot be used, `storage.full`; so do all calls. */
  constructor(folder: string) {
    this.folder = folder
    try {
      this.#database = new DatabaseSync(join(folder, 'restore.db'))
      // PERSIST: a commit is durable by itself, where deleting the journal would need another sync of the folder (a power
      // cut could else bring back the state before), and it needs neither a new inode nor new space on a full disk.
      this.#database.exec('PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL); CREATE TABLE IF NOT EXISTS operations (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, path BLOB NOT NULL)')
    } catch (cause) {
      throw recordFailure(folder, cause)
    }
  }

  static exists(folder: string): boolean {
    return existsSync(join(folder, 'restore.db'))
  }

  get state(): RestoreState {
    return restoreStateSchema.parse(this.#get('state') ?? 'staging')
  }

  set state(state: RestoreState) {
    this.#set('state', state)
  }

  /** False only in the moment after the work folder was made. */
  get hasAbout(): boolean {
    return this.#get('about') !== undefined
  }

  get about(): RestoreAbout {
    return aboutSchema.parse(JSON.parse(this.#get('about') ?? 'null'))
  }

  set about(about: RestoreAbout) {
    this.#set('about', JSON.stringify(about))
  }

  /** When it was done or undone. */
  get finishedAt(): Date | undefined {
    const value = this.#get('finishedAt')
    return value === undefined ? undefined : new Date(value)
  }

  set finishedAt(at: Date | undefined) {
    if (at !== undefined) this.#set('finishedAt', at.toISOString())
  }

  /** Writes the whole list in one transaction: it is there entirely or not at all. */
  plan(operations: Iterable<Omit<SwapOperation, 'seq'>>): void {
    this.#database.exec('BEGIN')
    try {
      const insert = this.#database.prepare('INSERT INTO operations (kind, path) VALUES (?, ?)')
      for (const { kind, path } of operations) insert.run(kind, encodeName(path))
      this.#database.exec('COMMIT')
    } catch (error) {
      // A full disk has already rolled it back.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw isSqliteError(error) ? recordFailure(this.folder, error) : error
    }
  }

  *operations(order: 'forward' | 'backward'): Generator<SwapOperation> {
    const rows = this.#database.prepare(`SELECT seq, kind, path FROM operations ORDER BY seq ${order === 'forward' ? 'ASC' : 'DESC'}`).iterate()
    for (const row of rows) yield operationSchema.parse(row)
  }

  #get(key: string): string | undefined {
    const row = this.#database.prepare('SELECT value FROM meta WHERE key = ?').get(key)
    return row === undefined ? undefined : z.string().parse(row['value'])
  }

  #set(key: string, value: string): void {
    try {
      this.#database.prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value').run(key, value)
    } catch (cause) {
      throw recordFailure(this.folder, cause)
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
  }
}

function isSqliteError(error: unknown): error is Error & { errcode: number } {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
}

function recordFailure(folder: string, cause: unknown): AppError {
  // SQLITE_FULL, https://www.sqlite.org/rescode.html
  if (isSqliteError(cause) && (cause.errcode & 0xff) === 13) return new AppError('storage.full', `No space is left for the record of the restore in ${folder}`, { hint: 'Free space on that file system.', cause })
  return new AppError('restore.failed', `The record of the restore in ${folder} cannot be used: ${messageOf(cause)}`, { hint: 'Check the free space and the rights of that folder.', cause })
}

const operationSchema = z.object({
  seq: z.int(),
  kind: z.enum(['add', 'replace', 'remove', 'folder', 'parent']),
  path: z.instanceof(Uint8Array).transform(decodeName),
})
