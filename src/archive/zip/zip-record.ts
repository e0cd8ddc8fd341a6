import { getFileNameLowLevel } from 'yauzl'
import type { Entry as DirectoryEntry } from 'yauzl'
import { crc32 } from 'node:zlib'
import { decodeName, isOddName } from '../../disk/name-codec.ts'
import type { EntryKind } from '../../model/entry.ts'
import { damaged } from '../damaged.ts'
import { extraIds } from './extra-fields.ts'
import type { AesStrength } from './winzip-aes.ts'

/** How a member is encrypted; `other` stands for what is not read here, ZipCrypto above all. */
type Encryption = { readonly strength: AesStrength; readonly checksum: boolean } | 'none' | 'other'

/** What a central directory says of one member. */
export type ZipRecord = {
  readonly path: string
  readonly kind: EntryKind
  readonly mode: number
  readonly mtimeNs: bigint
  readonly owner: { readonly uid: number; readonly gid: number } | undefined
  /** Of the content within the encryption. */
  readonly method: number
  readonly encryption: Encryption
  readonly plainBytes: number
  readonly storedBytes: number
  readonly offset: number
  readonly crc32: number
  /** Holdfast's own sum of the stored bytes. */
  readonly storedSum: number | undefined
  readonly header: DirectoryEntry
}

const nanoseconds = 1_000_000_000n
const aesMethod = 99
const unixHosts = new Set([3, 19])
const dosHost = 0
const kinds: Readonly<Record<number, EntryKind>> = {
  0o100000: 'file', 0o040000: 'dir', 0o120000: 'symlink', 0o010000: 'fifo', 0o140000: 'socket', 0o020000: 'char', 0o060000: 'block',
}

/** @throws AppError `archive.damaged` for fields that contradict each other. */
export function zipRecord(header: DirectoryEntry): ZipRecord {
  const name = memberName(header)
  const { kind, mode } = kindAndMode(header, name.endsWith('/'))
  const aes = aesFacts(header)
  const storedCheck = extraOf(header, extraIds.storedCheck)
  return {
    path: name.length > 1 && name.endsWith('/') ? name.slice(0, -1) : name,
    kind,
    mode,
    mtimeNs: modified(header),
    owner: ownerOf(header),
    method: aes?.method ?? header.compressionMethod,
    encryption: aes?.encryption ?? ((header.generalPurposeBitFlag & 1) === 0 ? 'none' : 'other'),
    plainBytes: header.uncompressedSize,
    storedBytes: header.compressedSize,
    offset: header.relativeOffsetOfLocalHeader,
    crc32: header.crc32,
    storedSum: storedCheck?.length === 4 ? storedCheck.readUInt32LE(0) : undefined,
    header,
  }
}

function extraOf(header: DirectoryEntry, id: number): Buffer | undefined {
  return header.extraFields.find((field) => field.id === id)?.data
}

/** UTF-8 where the bytes are; on Unix any bytes; what DOS wrote is its code page 437. */
function memberName(header: DirectoryEntry): string {
  const raw = header.fileNameRaw
  const unicode = extraOf(header, extraIds.unicodePath)
  if (unicode !== undefined && unicode.length > 5 && unicode[0] === 1 && unicode.readUInt32LE(1) === crc32(raw)) return decodeName(unicode.subarray(5))
  const name = decodeName(raw)
  const utf8 = (header.generalPurposeBitFlag & 0x800) !== 0
  return utf8 || !isOddName(name) || hostOf(header) !== dosHost ? name : getFileNameLowLevel(0, raw, [], true)
}

function hostOf(header: DirectoryEntry): number {
  return header.versionMadeBy >>> 8
}

function kindAndMode(header: DirectoryEntry, namedFolder: boolean): { kind: EntryKind; mode: number } {
  const attributes = header.externalFileAttributes
  // 7-Zip puts Unix modes into DOS attributes and says so by a bit.
  const unix = unixHosts.has(hostOf(header)) || (attributes & 0x8000) !== 0
  const mode = unix ? attributes >>> 16 : 0
  const dosFolder = !unix && (attributes & 0x10) !== 0
  const kind = namedFolder || dosFolder ? 'dir' : (kinds[mode & 0o170000] ?? 'file')
  return { kind, mode: mode === 0 ? (kind === 'dir' ? 0o755 : 0o644) : mode & 0o7777 }
}

function aesFacts(header: DirectoryEntry): { encryption: Encryption; method: number } | undefined {
  if (header.compressionMethod !== aesMethod) return undefined
  const data = extraOf(header, extraIds.aes)
  const strength = data?.[4]
  const version = data?.[0]
  const known = data !== undefined && data.length >= 7 && (strength === 1 || strength === 2 || strength === 3) && (version === 1 || version === 2)
  if (!known || (header.generalPurposeBitFlag & 1) === 0) throw damaged('the encryption of a member is described in a way that makes no sense')
  return { encryption: { strength, checksum: version === 1 }, method: data.readUInt16LE(5) }
}

function modified(header: DirectoryEntry): bigint {
  const unix = extraOf(header, extraIds.timestamp)
  const ntfs = extraOf(header, extraIds.ntfs)
  // Both together: NTFS's field counts steps of 100 ns.
  if (ntfs !== undefined && ntfs.length >= 16 && ntfs.readUInt16LE(4) === 1) return (ntfs.readBigUInt64LE(8) - 116_444_736_000_000_000n) * 100n
  if (unix !== undefined && unix.length >= 5 && ((unix[0] ?? 0) & 1) === 1) return BigInt(unix.readInt32LE(1)) * nanoseconds
  const { lastModFileDate: date, lastModFileTime: time } = header
  const at = new Date((date >> 9) + 1980, ((date >> 5) & 15) - 1, date & 31, time >> 11, (time >> 5) & 63, (time & 31) * 2)
  return BigInt(at.getTime()) * 1_000_000n
}

function ownerOf(header: DirectoryEntry): ZipRecord['owner'] {
  const data = extraOf(header, extraIds.unixOwner)
  if (data === undefined || data[0] !== 1) return undefined
  const uidBytes = data[1] ?? 0
  const gidBytes = data[2 + uidBytes] ?? 0
  if (!isIdSize(uidBytes) || !isIdSize(gidBytes) || data.length < 3 + uidBytes + gidBytes) return undefined
  return { uid: data.readUIntLE(2, uidBytes), gid: data.readUIntLE(3 + uidBytes, gidBytes) }
}

function isIdSize(sizeBytes: number): boolean {
  return sizeBytes >= 1 && sizeBytes <= 4
}
