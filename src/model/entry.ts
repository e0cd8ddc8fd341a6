export type EntryKind = 'file' | 'dir' | 'symlink' | 'fifo' | 'socket' | 'char' | 'block'

/** A run of real data in a sparse file, in bytes; what lies between is a hole that reads as zeros. */
export type DataRange = { readonly offset: number; readonly length: number }

/**
 * One thing in a restore point: a file, folder, link, device or database dump.
 *
 * `path` is relative to the application's root, parts divided by `/`, no leading `/` or `./`; the root itself is `.`.
 * Names are bytes on Linux: bytes that are no UTF-8 stand as lone surrogates U+DC80–U+DCFF (disk/name-codec).
 * Sources yield parents before children, and a hardlink's first name before the others.
 */
export interface Entry {
  readonly path: string
  readonly kind: EntryKind
  /** Bytes of content; undefined only where it is not known before reading (a streamed dump). */
  readonly size?: number
  /** Permission bits with setuid, setgid and sticky (0o7777); no file type. */
  readonly mode: number
  readonly mtimeNs: bigint
  readonly ctimeNs?: bigint
  readonly atimeNs?: bigint
  readonly dev?: number
  readonly ino?: number
  /** Names that the inode has (st_nlink). */
  readonly links?: number
  /** A device's number: major and minor. */
  readonly rdev?: { readonly major: number; readonly minor: number }
  readonly uid?: number
  readonly gid?: number
  readonly user?: string
  readonly group?: string
  /** A symlink's target, byte for byte (surrogates as in path). */
  readonly linkTarget?: string
  /** Path of the earlier entry of the same restore point whose inode this is; then it has no content of its own. */
  readonly hardlinkTo?: string
  /** For a sparse file: where the data is; ascending, not touching. Absent: no holes. An empty array: all hole. */
  readonly data?: readonly DataRange[]
  /** Extended attributes with namespace: `user.x`, `system.posix_acl_access`, `security.capability`. */
  readonly xattrs?: ReadonlyMap<string, Uint8Array>
  /** Absolute path of a local file that the vault may read itself; the reader must open it with O_NOFOLLOW. */
  readonly onDisk?: string
  /** Everything that has content and no `onDisk`. Reading to the end without a throw means that it is whole. */
  open?(signal: AbortSignal): AsyncIterable<Uint8Array>
  /** Set on a database's dump; what it holds is in the manifest's `databases`, found by path. */
  readonly dump?: true
}
