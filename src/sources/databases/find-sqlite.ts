import { beginsWith } from '../../disk/begins-with.ts'

const magic = Buffer.from('SQLite format 3\0', 'latin1')
const suffixes = ['-wal', '-shm', '-journal'] as const

/** True for an SQLite database, by its first 16 bytes. A file that cannot be read is none, and whoever saves it tells that; an empty one too. */
export function isSqliteFile(path: string): boolean {
  return beginsWith(path, magic)
}

/**
 * The files beside a database that belong to its present content: write-ahead log, its index, and rollback journal.
 * A copy holds what is in them; beside a restored database they are stale, and SQLite would play them into it.
 */
export function sqliteCompanions(path: string): string[] {
  return suffixes.map((suffix) => `${path}${suffix}`)
}
