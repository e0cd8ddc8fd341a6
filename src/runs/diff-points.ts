import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { breather } from '../archive/breathe.ts'
import { openContentFile } from '../disk/content-file.ts'
import { decodeName, encodeName } from '../disk/name-codec.ts'
import { AppError } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import type { DatabaseFacts } from '../model/restore-point.ts'

export type Difference = {
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  /** For `changed`: what differs. */
  readonly what: readonly ('kind' | 'size' | 'content' | 'mode' | 'owner' | 'time' | 'link')[]
  /** Sizes in bytes of files that have a content of their own. */
  readonly before?: number
  readonly after?: number
}

export type TableDifference = { readonly database: string; readonly table: string; readonly before?: number; readonly after?: number }

/** One side: entries whose content can be read, in any order. */
export type Side = AsyncIterable<Entry>

const rowSchema = z.object({ kind: z.string(), size: z.number(), mode: z.int(), mtime: z.string(), owner: z.string(), link: z.string(), sha256: z.string() })
type Row = z.infer<typeof rowSchema>

/**
 * What differs from one side to the other, by path, kind, size, hash, mode, owner, time and link target. The names of
 * the first side lie in a temporary table in `tempFolder`, so that memory stays flat. The second side's content is only
 * read where its size is the same.
 */
export async function* diffPoints(before: Side, after: Side, tempFolder: string, signal: AbortSignal): AsyncGenerator<Difference> {
  const folder = await mkdtemp(join(tempFolder, 'diff-'))
  const table = new DatabaseSync(join(folder, 'diff.db'))
  try {
    table.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; CREATE TABLE before (path BLOB PRIMARY KEY, kind TEXT, size INTEGER, mode INTEGER, mtime TEXT, owner TEXT, link TEXT, sha256 TEXT, seen INTEGER DEFAULT 0) WITHOUT ROWID; BEGIN')
    const insert = table.prepare('INSERT OR REPLACE INTO before (path, kind, size, mode, mtime, owner, link, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    for await (const entry of before) {
      signal.throwIfAborted()
      const row = await rowOf(entry, signal, true)
      insert.run(encodeName(entry.path), row.kind, row.size, row.mode, row.mtime, row.owner, row.link, row.sha256)
    }
    const find = table.prepare('SELECT kind, size, mode, mtime, owner, link, sha256 FROM before WHERE path = ?')
    const mark = table.prepare('UPDATE before SET seen = 1 WHERE path = ?')
    for await (const entry of after) {
      signal.throwIfAborted()
      const path = encodeName(entry.path)
      const found = find.get(path)
      if (found === undefined) {
        yield { path: entry.path, change: 'added', what: [], ...sizes(undefined, await rowOf(entry, signal, false)) }
        continue
      }
      mark.run(path)
      const earlier = rowSchema.parse(found)
      const later = await rowOf(entry, signal, earlier.kind === 'file' && entry.kind === 'file' && earlier.size === (entry.size ?? -1))
      const what = differences(earlier, later)
      if (what.length > 0) yield { path: entry.path, change: 'changed', what, ...sizes(earlier, later) }
    }
    for (const row of table.prepare('SELECT * FROM before WHERE seen = 0').iterate()) {
      yield { path: decodeName(z.instanceof(Uint8Array).parse(row['path'])), change: 'removed', what: [], ...sizes(rowSchema.parse(row), undefined) }
    }
  } finally {
    table.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Tables whose number of rows differs, or that are on one side only. */
export function diffTables(before: readonly DatabaseFacts[], after: readonly DatabaseFacts[]): readonly TableDifference[] {
  const rows = (databases: readonly DatabaseFacts[]): Map<string, { database: string; table: string; rows: number | undefined }> =>
    new Map(databases.flatMap(({ name, tables }) => tables.map((table) => [JSON.stringify([name, table.name]), { database: name, table: table.name, rows: table.rows }] as const)))
  const left = rows(before)
  const right = rows(after)
  return [...new Set([...left.keys(), ...right.keys()])].sort().flatMap((key) => {
    const a = left.get(key)
    const b = right.get(key)
    const named = a ?? b
    if (named === undefined || (a !== undefined && b !== undefined && a.rows === b.rows)) return []
    return [{ database: named.database, table: named.table, ...(a?.rows === undefined ? {} : { before: a.rows }), ...(b?.rows === undefined ? {} : { after: b.rows }) }]
  })
}

async function rowOf(entry: Entry, signal: AbortSignal, hashed: boolean): Promise<Row> {
  const isFile = entry.kind === 'file' && entry.hardlinkTo === undefined
  return {
    kind: entry.kind,
    // A further name has no content of its own; archives and file systems tell sizes of it as they please.
    size: isFile ? entry.size ?? -1 : 0,
    mode: entry.mode,
    mtime: entry.mtimeNs.toString(),
    owner: `${entry.uid ?? ''}:${entry.gid ?? ''}`,
    link: entry.linkTarget ?? entry.hardlinkTo ?? '',
    sha256: isFile && hashed ? await hashOf(entry, signal) : '',
  }
}

function sizes(before: Row | undefined, after: Row | undefined): Pick<Difference, 'before' | 'after'> {
  const of = (row: Row | undefined): number | undefined => row?.kind === 'file' && row.size >= 0 && row.link === '' ? row.size : undefined
  const [earlier, later] = [of(before), of(after)]
  return { ...(earlier === undefined ? {} : { before: earlier }), ...(later === undefined ? {} : { after: later }) }
}

function differences(a: Row, b: Row): Difference['what'] {
  const what: Difference['what'][number][] = []
  if (a.kind !== b.kind) return ['kind']
  if (a.link === b.link && a.size !== b.size) what.push('size')
  else if (a.sha256 !== '' && b.sha256 !== '' && a.sha256 !== b.sha256) what.push('content')
  if (a.mode !== b.mode) what.push('mode')
  if (a.owner !== b.owner) what.push('owner')
  if (a.mtime !== b.mtime) what.push('time')
  if (a.link !== b.link) what.push('link')
  return what
}

async function hashOf(entry: Entry, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  if (entry.open !== undefined) {
    for await (const bytes of entry.open(signal)) hash.update(bytes)
  } else if (entry.onDisk !== undefined) {
    using file = openContentFile(entry.onDisk, { dev: entry.dev, ino: entry.ino })
    const buffer = Buffer.allocUnsafe(1 << 18)
    const breath = breather()
    for (let position = 0; ;) {
      const pause = breath()
      if (pause !== undefined) await pause
      const count = file.readSync(buffer, position)
      if (count === 0) break
      hash.update(buffer.subarray(0, count))
      position += count
      signal.throwIfAborted()
    }
  } else {
    throw new AppError('internal', `"${entry.path}" has no content to compare`)
  }
  return hash.digest('hex')
}
