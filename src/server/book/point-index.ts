import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { decodeName, encodeName } from '../../disk/name-codec.ts'
import { AppError } from '../../kit/app-error.ts'
import { temporaryName } from '../../kit/temporary-name.ts'
import type { TreeEntry, TreePage } from '../../model/api/browse.ts'
import type { Entry } from '../../model/entry.ts'

/** So many lists are kept; the one that was not looked at for longest goes first. */
const listsKept = 12
/** Stands in a list that is whole. */
const indexVersion = 1

const rowSchema = z.object({
  path: z.instanceof(Uint8Array), kind: z.enum(['file', 'dir', 'symlink', 'fifo', 'socket', 'char', 'block']), size: z.number().nullable(), mtime: z.number(), mode: z.number(),
  owner: z.string(), link: z.instanceof(Uint8Array).nullable(), dump: z.number(),
})
const totalSchema = z.object({ total: z.number() })
const orderSchema = z.object({ is_file: z.number(), path: z.instanceof(Uint8Array) })
const columns = 'path, kind, size, mtime, mode, owner, link, dump'

/** What lies in restore points, as lists that folders and searches are answered from at once; made at the first look into a point. */
export class PointIndex implements Disposable {
  readonly #folder: string
  readonly #open = new Map<string, DatabaseSync>()
  readonly #making = new Map<string, Promise<void>>()

  constructor(folder: string) {
    this.#folder = folder
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  }

  /** Makes the list of a point where there is none. @throws what reading the point does; nothing half made stays. */
  async make(id: string, entries: () => AsyncIterable<Entry>): Promise<void> {
    if (this.#open.has(id) || this.#isThere(id)) return
    const known = this.#making.get(id)
    if (known !== undefined) return await known
    const making = this.#write(id, entries).finally(() => this.#making.delete(id))
    this.#making.set(id, making)
    await making
  }

  /** One folder: folders first, then by name. `cursor`: how many entries stand before the page. @throws AppError `usage`. */
  folder(id: string, path: string, cursor: number, limit: number): TreePage {
    const database = this.#database(id)
    const parent = parentBytes(path)
    const total = totalSchema.parse(database.prepare('SELECT count(*) AS total FROM entries WHERE parent = ?').get(parent)).total
    const rows = database.prepare(`SELECT ${columns} FROM entries WHERE parent = ? ORDER BY is_file, path LIMIT ? OFFSET ?`).all(parent, limit, cursor)
    return page(rows, total, cursor)
  }

  /** Where in a folder, counted from 0, the first name from `from` on begins with `name`, whatever its case; behind the last one it goes on with the first. */
  place(id: string, path: string, name: string, from: number): number | undefined {
    const database = this.#database(id)
    const parent = parentBytes(path)
    const begin = `${parent.length === 0 ? '' : `${folded(path)}/`}${folded(name)}`
    const after = database.prepare('SELECT is_file, path FROM entries WHERE parent = ? ORDER BY is_file, path LIMIT 1 OFFSET ?').get(parent, from)
    const first = (beyond: string, ...bound: readonly (number | Uint8Array)[]) => database.prepare(`SELECT is_file, path FROM entries WHERE parent = ? AND substr(folded, 1, length(?)) = ? ${beyond} ORDER BY is_file, path LIMIT 1`).get(parent, begin, begin, ...bound)
    const start = after === undefined ? undefined : orderSchema.parse(after)
    const found = (start === undefined ? undefined : first('AND (is_file, path) >= (?, ?)', start.is_file, start.path)) ?? first('')
    if (found === undefined) return undefined
    const { is_file: isFile, path: bytes } = orderSchema.parse(found)
    return totalSchema.parse(database.prepare('SELECT count(*) AS total FROM entries WHERE parent = ? AND (is_file, path) < (?, ?)').get(parent, isFile, bytes)).total
  }

  /** Entries whose path holds the words, whatever their case. */
  search(id: string, words: string, cursor: number, limit: number): TreePage {
    const database = this.#database(id)
    const rows = database.prepare(`SELECT ${columns} FROM entries WHERE instr(folded, ?) > 0 ORDER BY path LIMIT ? OFFSET ?`).all(folded(words), limit, cursor)
    const total = totalSchema.parse(database.prepare('SELECT count(*) AS total FROM entries WHERE instr(folded, ?) > 0').get(folded(words))).total
    return page(rows, total, cursor)
  }

  entry(id: string, path: string): TreeEntry | undefined {
    const row = this.#database(id).prepare(`SELECT ${columns} FROM entries WHERE path = ?`).get(encodeName(path))
    return row === undefined ? undefined : entryOf(row)
  }

  [Symbol.dispose](): void {
    for (const database of this.#open.values()) database.close()
    this.#open.clear()
  }

  /** Only one that was written to its end: a power cut may leave another, which is then made again. */
  #isThere(id: string): boolean {
    const path = this.#path(id)
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return false
    try {
      using database = new DatabaseSync(path, { readOnly: true })
      if (z.object({ user_version: z.number() }).parse(database.prepare('PRAGMA user_version').get()).user_version === indexVersion) return true
    } catch {
      // Damaged.
    }
    rmSync(path, { force: true })
    return false
  }

  #path(id: string): string {
    if (!/^[0-9a-f]{16}$/.test(id)) throw new AppError('vault.unknown-point', 'That is no id of a restore point')
    return join(this.#folder, `${id}.sqlite`)
  }

  #database(id: string): DatabaseSync {
    const known = this.#open.get(id)
    if (known !== undefined) return known
    const database = new DatabaseSync(this.#path(id), { readOnly: true })
    utimesSync(this.#path(id), new Date(), new Date())
    this.#open.set(id, database)
    return database
  }

  async #write(id: string, entries: () => AsyncIterable<Entry>): Promise<void> {
    const temporary = join(this.#folder, temporaryName())
    const database = new DatabaseSync(temporary)
    try {
      database.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; CREATE TABLE entries (path BLOB PRIMARY KEY, parent BLOB, is_file INTEGER, folded TEXT, kind TEXT, size INTEGER, mtime INTEGER, mode INTEGER, owner TEXT, link BLOB, dump INTEGER) WITHOUT ROWID; BEGIN')
      const insert = database.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      const missing = database.prepare('INSERT OR IGNORE INTO entries VALUES (?, ?, 0, ?, \'dir\', NULL, 0, 493, \'\', NULL, 0)')
      const seen = new Set<string>([''])
      for await (const entry of entries()) {
        if (entry.path === '.') continue
        addParents(entry.path, seen, missing)
        insert.run(encodeName(entry.path), encodeName(parentOf(entry.path)), entry.kind === 'dir' ? 0 : 1, folded(entry.path), entry.kind, entry.size ?? null, Number(entry.mtimeNs / 1_000_000n), entry.mode, ownerOf(entry), linkOf(entry), entry.dump === true ? 1 : 0)
      }
      database.exec(`COMMIT; CREATE INDEX by_parent ON entries (parent, is_file, path); PRAGMA user_version = ${indexVersion}`)
      database.close()
      syncFile(temporary)
      renameSync(temporary, this.#path(id))
    } catch (error) {
      if (database.isOpen) database.close()
      rmSync(temporary, { force: true })
      throw error
    }
    this.#forgetOld(id)
  }

  #forgetOld(kept: string): void {
    const lists = readdirSync(this.#folder).filter((name) => name.endsWith('.sqlite') && name !== `${kept}.sqlite`).map((name) => ({ name, at: statSync(join(this.#folder, name)).mtimeMs }))
    for (const { name } of lists.sort((a, b) => b.at - a.at).slice(listsKept - 1)) {
      const id = name.slice(0, 16)
      this.#open.get(id)?.close()
      this.#open.delete(id)
      rmSync(join(this.#folder, name), { force: true })
    }
  }
}

/** Folders that the archive has no entry of its own for. A folder's own entry takes their place. */
function addParents(path: string, seen: Set<string>, missing: ReturnType<DatabaseSync['prepare']>): void {
  for (let parent = parentOf(path); !seen.has(parent); parent = parentOf(parent)) {
    // Memory stays flat with archives of a million folders.
    if (seen.size > 50_000) seen.clear()
    seen.add(parent).add('')
    missing.run(encodeName(parent), encodeName(parentOf(parent)), folded(parent))
  }
}

/** How names are compared when somebody looks for them. */
function folded(text: string): string {
  return text.toWellFormed().toLowerCase()
}

function parentBytes(path: string): Uint8Array {
  return path === '' || path === '.' ? Buffer.alloc(0) : encodeName(path)
}

function syncFile(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

function ownerOf(entry: Entry): string {
  return `${entry.user ?? entry.uid ?? ''}:${entry.group ?? entry.gid ?? ''}`
}

function linkOf(entry: Entry): Uint8Array | null {
  const target = entry.linkTarget ?? entry.hardlinkTo
  return target === undefined ? null : encodeName(target)
}

function page(rows: readonly unknown[], total: number, cursor: number): TreePage {
  const end = cursor + rows.length
  return { entries: rows.map(entryOf), total, ...(end < total && rows.length > 0 ? { next: String(end) } : {}) }
}

function entryOf(row: unknown): TreeEntry {
  const { path: bytes, kind, size, mtime, mode, owner, link, dump } = rowSchema.parse(row)
  const path = decodeName(bytes)
  return {
    key: Buffer.from(bytes).toString('base64url'), path, name: path.slice(path.lastIndexOf('/') + 1), kind, mtime: new Date(mtime).toISOString(), mode, owner, dump: dump === 1,
    ...(size === null ? {} : { sizeBytes: size }), ...(link === null ? {} : { linkTarget: decodeName(link) }),
  }
}
