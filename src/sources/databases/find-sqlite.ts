import { closeSync, constants, openSync, readSync } from 'node:fs'
import { systemPath } from '../../disk/name-codec.ts'

const magic = Buffer.from('SQLite format 3\0', 'latin1')
const suffixes = ['-wal', '-shm', '-journal'] as const

/** True for an SQLite database, by its first 16 bytes. A file that cannot be read is none; an empty one too. */
export function isSqliteFile(path: string): boolean {
  const head = Buffer.alloc(magic.length)
  try {
    const fd = openSync(systemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      return readSync(fd, head, 0, magic.length, 0) === magic.length && head.equals(magic)
    } finally {
      closeSync(fd)
    }
  } catch {
    // Whoever saves the file meets the same fault and tells it.
    return false
  }
}

/**
 * The files beside a database that belong to its present content: write-ahead log, its index, and rollback journal.
 * A copy holds what is in them; beside a restored database they are stale, and SQLite would play them into it.
 */
export function sqliteCompanions(path: string): string[] {
  return suffixes.map((suffix) => `${path}${suffix}`)
}
