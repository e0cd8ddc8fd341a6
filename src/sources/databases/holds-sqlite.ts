import { compileSelection } from '../../disk/selection.ts'
import { walk } from '../../disk/walk.ts'
import type { Entry } from '../../model/entry.ts'
import type { SelectionRules } from '../../model/restore-point.ts'
import { isSqliteFile } from './find-sqlite.ts'

/** True for an entry that is an SQLite database by its first bytes; of one that is `named` whatever its size. */
export function isSqliteEntry(entry: Entry, named: ReadonlySet<string>): boolean {
  if (entry.kind !== 'file' || entry.hardlinkTo !== undefined || entry.onDisk === undefined) return false
  // A database is a whole number of pages of 512 bytes or more: nearly all other files are told apart without a look.
  const mayBe = named.has(entry.path) || ((entry.size ?? 0) >= 512 && (entry.size ?? 0) % 512 === 0)
  return mayBe && isSqliteFile(entry.onDisk)
}

/** Whether a backup of the databases alone would find one below a folder. What cannot be read is passed over. */
export async function holdsSqlite(root: string, selection: SelectionRules, signal: AbortSignal): Promise<boolean> {
  const { oneFileSystem, cacheDirTag } = selection
  for await (const entry of walk(root, { select: compileSelection(selection), oneFileSystem, cacheDirTag, signal, onProblem: () => undefined })) {
    if (isSqliteEntry(entry, new Set())) return true
  }
  return false
}
