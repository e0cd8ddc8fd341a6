import { encodeName, isOddName } from '../../disk/name-codec.ts'
import type { Entry } from '../../model/entry.ts'

/** What the headers of one member say. */
export type ZipMember = {
  /** As stored: folders end with a slash. */
  readonly name: Uint8Array
  readonly utf8: boolean
  /** Unix mode with the file type. */
  readonly mode: number
  readonly mtimeSeconds: number
  readonly owner?: { readonly uid: number; readonly gid: number }
  /** Sizes stand in 64 bits in the local header too; needed where they are, or may become, too large for 32. */
  readonly wide: boolean
}

/** What is known once a member's content is written. */
export type ZipContent = {
  readonly deflated: boolean
  readonly encrypted: boolean
  /** Of the plain content; 0 for encrypted members (AE-2). */
  readonly crc32: number
  readonly plainBytes: number
  /** Bytes between this member's local header and the next. */
  readonly storedBytes: number
}

const fileTypes = { file: 0o100000, dir: 0o040000, symlink: 0o120000 } as const
export type ZipKind = keyof typeof fileTypes

export const largest32 = 0xffff_ffff

/** The headers' part of an entry of this kind. */
export function zipMember(entry: Entry, kind: ZipKind, wide: boolean): ZipMember {
  return {
    name: storedName(entry.path, kind),
    utf8: !isOddName(entry.path),
    mode: fileTypes[kind] | entry.mode,
    mtimeSeconds: Number(entry.mtimeNs >= 0n ? entry.mtimeNs / 1_000_000_000n : -((999_999_999n - entry.mtimeNs) / 1_000_000_000n)),
    ...(entry.uid === undefined || entry.gid === undefined ? undefined : { owner: { uid: entry.uid, gid: entry.gid } }),
    wide,
  }
}

export function storedName(path: string, kind: ZipKind): Buffer {
  return encodeName(kind === 'dir' ? `${path}/` : path)
}
