import type { Secret } from '../kit/secret.ts'
import type { Entry } from '../model/entry.ts'
import type { Format, Remark } from '../model/restore-point.ts'
import type { BodyChunk } from '../model/storage.ts'

/** What became of one member, told in the order of the members. */
export type WrittenMember = {
  readonly entry: Entry
  /** Bytes of content that the archive now gives for it; 0 for what has none. */
  readonly sizeBytes: number
  /** SHA-256 of that content, holes as zeros; for plain files that are no further name of a hardlink. */
  readonly sha256?: string
  /** Why it is left out, or how what is written differs from a whole reading of it. */
  readonly problem?: Remark
  /** True when nothing of it is in the archive: it could not be opened. */
  readonly leftOut: boolean
  /** What the format cannot carry for other programs; takes nothing from the restore point. */
  readonly note?: Remark
}

export type WriteOptions = {
  readonly password?: Secret
  readonly signal: AbortSignal
  /** Called in the order of the members, once each one's content has been read to its end. */
  onMember(member: WrittenMember): void
  /**
   * Asked once, after the last byte of the last member has been read and `onMember` was called for all of them: the
   * members that go last (records, manifest). Their own `onMember` is not called.
   */
  trailer(): AsyncIterable<Entry>
  /** Told where in the archive's bytes those begin, where they can be read from there (`readTail`). */
  onTrailer?(at: number): void
}

/** Where an archive's bytes come from when it is read. */
export type ArchiveBytes = {
  readonly sizeBytes: number
  /** All bytes from the start. A piece stays as it is until the next but one is asked for. */
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>
  /** `end` is exclusive. */
  range(start: number, end: number, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Set where the archive is a plain file (or folder) on this machine, for random access. */
  readonly localPath?: string
}

export type ReadOptions = {
  readonly password?: Secret
  readonly signal: AbortSignal
  /** Members for which it says false are passed over, as cheaply as the format allows, and not yielded. */
  readonly wanted?: (path: string) => boolean
  /** The archive should be one of ours: also what changes no content must be as we write it. */
  readonly strict?: boolean
}

/** A member as an archive gives it. */
export type Member = Entry & {
  /** Set for small plain files: all the content at once; instead of `open`, not besides. */
  readWhole?(): Uint8Array | Promise<Uint8Array>
  /** The same without a comparison, for whoever compares it with its hash (hex) himself; instead of the others. */
  readonly unchecked?: { readonly sha256: string; readWhole(): Uint8Array | Promise<Uint8Array> }
}

/** One archive format: entries to bytes and back. It knows nothing of vaults, records and manifests. */
export interface ArchiveFormat {
  readonly format: Format
  /** With the dot: `.tar.gz`. */
  readonly extension: string
  readonly encrypts: boolean
  /** True where single members can be read without reading what lies before them; then records are read first. */
  readonly randomAccess: boolean
  /**
   * Pulls members lazily and yields the archive's bytes, with patches where a size was not known in time.
   * A file that cannot be opened is left out, one that shrinks is filled with zeros, one that grows is cut at its stated
   * size: each told by `onMember`. What `Entry.open` throws is thrown. Leaving the loop early releases everything.
   */
  write(members: AsyncIterable<Entry>, options: WriteOptions): AsyncIterable<BodyChunk>
  /**
   * Yields members in stored order with the metadata that the format itself carries; `open` gives the content of a
   * plain file and works until the next member is asked for. What is not opened is skipped. Names are as stored, not
   * judged: the caller refuses unsafe ones.
   * @throws AppError `archive.damaged`, `archive.password`, `archive.foreign` (not this format at all).
   */
  read(bytes: ArchiveBytes, options: ReadOptions): AsyncIterable<Member>
  /** The members from `at` to the end, where a writer was told of by `onTrailer`. @throws as `read`; also where `at` is no such place. */
  readTail?(bytes: ArchiveBytes, at: number, options: ReadOptions): AsyncIterable<Member>
  /** Where a restore point's last members begin for `readTail`, found without expanding all; undefined where it is not seen. @throws as `read`. */
  findTail?(bytes: ArchiveBytes, signal: AbortSignal): Promise<number | undefined>
}
