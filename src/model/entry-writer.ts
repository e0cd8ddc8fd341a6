import type { Entry } from './entry.ts'

/** A problem that kept something from being restored exactly; the entry itself is there unless it says otherwise. */
export type WriteProblem = { readonly path: string; readonly code: string; readonly message: string }

/**
 * Writes entries below one folder and never outside it, whatever names and links say and whoever swaps folders
 * meanwhile. Folders' modes and times are set last, by `finish`.
 */
export interface EntryWriter {
  /**
   * Creates the entry, with its content for a plain file. Parents that were not given are made with mode 0700.
   * @throws AppError `archive.unsafe` for a path that leaves the folder or passes a symlink; `storage.full`.
   */
  write(entry: Entry, content?: AsyncIterable<Uint8Array>): Promise<void>
  /**
   * As `write` for whole content that is at hand, without a promise: for many small files. With `sha256` (hex) it must be
   * that content's; the file may then be finished later, at last by `finish`, and a later call throws what failed.
   * @throws AppError `archive.damaged` for another content.
   */
  writeSmall(entry: Entry, content: Uint8Array, sha256?: string): void
  /** Sets folders' metadata, makes all durable, and gives what could not be kept. */
  finish(signal: AbortSignal): Promise<readonly WriteProblem[]>
}
