import type { Format } from '../model/restore-point.ts'
import type { ArchiveBytes, Member } from './format.ts'

/** The bytes of one restore point, whatever its shape; a plain folder has no bytes of its own. */
export type PointSource = {
  readonly format: Format
  /** True where single members are had without reading all: then the records are read first. */
  readonly randomAccess: boolean
  readonly bytes?: ArchiveBytes
  /** Members in stored order, records and manifest last. */
  read(options: { readonly signal: AbortSignal; readonly wanted?: (path: string) => boolean }): AsyncIterable<Member>
  /** Set where the last members can be read without the rest, if one knows where they begin. */
  readonly tail?: {
    /** Where they may begin: by a hint, or by a look into the archive; undefined where the one or the other tells nothing. */
    at(by: 'hint' | 'look', signal: AbortSignal): Promise<number | undefined>
    read(at: number, signal: AbortSignal): AsyncIterable<Member>
  }
}
