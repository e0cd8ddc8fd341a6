import type { Entry } from './entry.ts'
import type { EntryWriter } from './entry-writer.ts'
import type { DatabaseFacts, Manifest, Remark, Scope, SelectionRules, Slot, Snapshot, VolumeFacts } from './restore-point.ts'
import type { Run } from './run.ts'

/** What `check` found wrong; no finding means that all is as its records say. */
export type Finding = { readonly id: string; readonly code: string; readonly message: string; readonly path?: string }

/** `quick`: structure and records; `full`: every byte is read and hashed, dumps' completeness included. */
export type CheckDepth = 'quick' | 'full'

/** `metadata`: what the records tell, without content, from the records alone where they can be reached. `content`: all is read. */
export type OpenWhat = 'metadata' | 'content'

/** Tells by path whether an entry is wanted. */
export type Selection = (path: string) => boolean

export interface VaultReader {
  /**
   * What lies there, newest first; a file that is no restore point of ours is passed over, a damaged one is told by a note. A folder
   * there that may not be read is told to `onUnlisted`: the list is then not all. Without that it is an error, so that nobody
   * takes a part for the whole. @throws AppError `storage.denied`.
   */
  snapshots(run: Run, onUnlisted?: (folder: string) => void): Promise<readonly Snapshot[]>
  /** @throws AppError `archive.damaged`, `archive.password`. */
  manifest(id: string, run: Run): Promise<Manifest>
  /**
   * The entries with their metadata, in the archive's order; `open` works until the next entry is asked for.
   * With records every entry's content is compared with its hash. With `metadata` no content is there, and damage to it is
   * not seen. @throws AppError `archive.damaged` at the end at the latest.
   */
  open(id: string, selection: Selection, run: Run, what: OpenWhat): AsyncIterable<Entry>
  /**
   * Writes entries through the writer, as fast as the format allows, and verifies each against its record; the records
   * must be those of the manifest that was given before. @throws AppError `archive.damaged`.
   */
  extract(id: string, selection: Selection, writer: EntryWriter, run: Run): Promise<void>
  check(id: string, depth: CheckDepth, run: Run): AsyncIterable<Finding>
}

/**
 * The name of a new restore point, without the format's extension. `takesOver`: where a file that is no restore point has the
 * name of a rolling one, it is kept under another name, as the application's own steps look for the newest there.
 */
export type PointName = { readonly slot: Slot; readonly name: string; readonly takesOver?: boolean }

/** What is known of a restore point before its first byte. */
export type About = {
  readonly app: string
  readonly host: string
  readonly preset: string
  readonly root: string
  readonly scope: Scope
  readonly without: readonly string[]
  readonly selection: SelectionRules
  readonly startedAt: Date
  readonly config?: string
  readonly volumes?: readonly VolumeFacts[]
  /** Where the entries come out of another program's archive. */
  readonly foreign?: Manifest['foreign']
  /** Dated, rolling or both; each with the key that the preset chose, without the format's extension. */
  readonly points: readonly PointName[]
  /** True for a rolling point that the new one must not replace, though it is of the same application, scope and weekday. */
  spares?(point: Snapshot): boolean
  /** False where a point of that much content must not take the slot of a complete rolling one, as one that shrank; absent: it may. */
  displaces?(contentBytes: number): boolean
  /** Asked once, after the last entry: what the run has gathered meanwhile. */
  atEnd(): { readonly complete: boolean; readonly databases: readonly DatabaseFacts[]; readonly leftOut: readonly Remark[]; readonly warnings: readonly Remark[]; readonly notes: readonly Remark[] }
}

export interface VaultWriter {
  /**
   * Writes one reading of the entries as one or two restore points; all or nothing for each.
   * A file that cannot be read or changes while it is read is told by `run.warning` and left out or marked.
   * `allRead` is called once the last byte has been read from the source, and awaited: what it tells belongs to the point.
   */
  save(entries: AsyncIterable<Entry>, about: About, run: Run, allRead: () => void | Promise<void>): Promise<readonly Snapshot[]>
  /** Notes in the sidecar that a full check of this point ended well or found damage. */
  mark(id: string, ok: boolean, run: Run): Promise<void>
  remove(ids: readonly string[], run: Run): Promise<void>
}

export type Vault = VaultReader & VaultWriter & AsyncDisposable
