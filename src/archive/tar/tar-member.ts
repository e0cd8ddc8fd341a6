import { encodeName } from '../../disk/name-codec.ts'
import type { DataRange, Entry, EntryKind } from '../../model/entry.ts'
import { aclText } from './acl-text.ts'
import { encodePax, encodePaxTime } from './pax-records.ts'
import type { PaxRecord } from './pax-records.ts'
import { blockBytes, encodeHeader } from './tar-header.ts'
import type { HeaderFields } from './tar-header.ts'

const secondNs = 1_000_000_000n
const nothing = new Uint8Array(0)
const typeOf: Record<Exclude<EntryKind, 'socket'>, string> = { file: '0', symlink: '2', char: '3', block: '4', dir: '5', fifo: '6' }

/** Gives zeros that may go to another thread: not from Node's shared pool. */
export type Allocate = (sizeBytes: number) => Uint8Array

const allocateAlone: Allocate = (sizeBytes) => new Uint8Array(sizeBytes)

/** What stands before a member's content. */
export type MemberHead = {
  /** Extended header, if there is one, and header; the last 512 bytes are the header. For a sparse file its map follows. */
  readonly bytes: Uint8Array
  /** Bytes of content that follow, before padding; the map of a sparse file not counted. */
  readonly contentBytes: number
}

/**
 * The head of a member of a pax archive (POSIX.1-2001), which GNU tar, bsdtar, busybox and Python read. Names are the
 * raw bytes that they are on disk. Sparse files are GNU's sparse format 1.0.
 */
export function encodeMember(entry: Entry & { kind: Exclude<EntryKind, 'socket'> }, sizeBytes: number, allocate: Allocate = allocateAlone): MemberHead {
  const isFile = entry.kind === 'file' && entry.hardlinkTo === undefined
  const data = isFile ? entry.data : undefined
  const map = data === undefined ? nothing : sparseMap(data, sizeBytes)
  const contentBytes = data === undefined ? (isFile ? sizeBytes : 0) : data.reduce((sum, range) => sum + range.length, 0)
  const records: PaxRecord[] = []
  const add = (key: string, value: string | Uint8Array): number => records.push([key, value])
  const fullName = encodeName(entry.kind === 'dir' ? `${entry.path}/` : entry.path)
  if (data !== undefined) {
    add('GNU.sparse.major', '1')
    add('GNU.sparse.minor', '0')
    add('GNU.sparse.name', fullName)
    add('GNU.sparse.realsize', String(sizeBytes))
  }
  // Programs that know no sparse files then make this file instead of a wrong one under the right name.
  const place = data === undefined ? fullName : Buffer.from(`GNUSparseFile.0/${fullName.subarray(-80).toString('latin1').replace(/[^\w.-]/g, '_')}`)
  const names = fitName(place)
  if (names === undefined) add('path', place)
  const linkName = entry.hardlinkTo ?? entry.linkTarget
  const link = linkName === undefined ? nothing : encodeName(linkName)
  if (link.length > 100) add('linkpath', link)
  if (entry.mtimeNs % secondNs !== 0n || entry.mtimeNs < 0n) add('mtime', encodePaxTime(entry.mtimeNs))
  const size = map.length + contentBytes
  if (size >= 8 ** 11) add('size', String(size))
  if ((entry.uid ?? 0) >= 8 ** 7) add('uid', String(entry.uid))
  if ((entry.gid ?? 0) >= 8 ** 7) add('gid', String(entry.gid))
  const user = entry.user === undefined ? nothing : Buffer.from(entry.user)
  const group = entry.group === undefined ? nothing : Buffer.from(entry.group)
  if (user.length > 31) add('uname', user)
  if (group.length > 31) add('gname', group)
  addAttributes(entry, add)
  // A tar's hardlink does not tell what it leads to.
  if (entry.hardlinkTo !== undefined && entry.kind !== 'file') add('HOLDFAST.kind', entry.kind)
  const fields: HeaderFields = {
    ...(names ?? { name: place.subarray(0, 100) }),
    mode: entry.mode & 0o7777,
    uid: entry.uid ?? 0,
    gid: entry.gid ?? 0,
    sizeBytes: size,
    mtimeSeconds: Number(floorSeconds(entry.mtimeNs)),
    type: entry.hardlinkTo === undefined ? typeOf[entry.kind] : '1',
    linkName: link.subarray(0, 100),
    user: user.subarray(0, 31),
    group: group.subarray(0, 31),
    ...(entry.rdev === undefined ? {} : { rdev: entry.rdev }),
  }
  return { bytes: assemble(records, fields, map, allocate), contentBytes }
}

function addAttributes(entry: Entry, add: (key: string, value: string | Uint8Array) => unknown): void {
  // Linux keeps attributes with the inode: once is enough.
  if (entry.xattrs === undefined || entry.hardlinkTo !== undefined) return
  for (const [name, value] of entry.xattrs) {
    // GNU tar restores ACLs only from their text; the attribute itself is exact and ours.
    const acl = name === 'system.posix_acl_access' ? 'SCHILY.acl.access' : name === 'system.posix_acl_default' ? 'SCHILY.acl.default' : undefined
    const text = acl === undefined ? undefined : aclText(value)
    if (acl !== undefined && text !== undefined) add(acl, text)
    if (!name.includes('=')) add(`SCHILY.xattr.${name}`, value)
  }
}

function assemble(records: readonly PaxRecord[], fields: HeaderFields, map: Uint8Array, allocate: Allocate): Uint8Array {
  const pax = records.length === 0 ? nothing : encodePax(records)
  const paxBytes = pax.length === 0 ? 0 : blockBytes + roundUp(pax.length)
  const bytes = allocate(paxBytes + blockBytes + map.length)
  if (paxBytes > 0) {
    const name = Buffer.from(`PaxHeaders/${Buffer.from(fields.name).toString('latin1').replace(/[^\w.-]/g, '_').slice(-80)}`)
    encodeHeader(bytes, { name, mode: 0o644, uid: 0, gid: 0, sizeBytes: pax.length, mtimeSeconds: Math.max(0, fields.mtimeSeconds), type: 'x' })
    bytes.set(pax, blockBytes)
  }
  encodeHeader(paxBytes === 0 ? bytes : bytes.subarray(paxBytes), fields)
  if (map.length > 0) bytes.set(map, paxBytes + blockBytes)
  return bytes
}

/** Name, or prefix and name, where it fits into a header. */
function fitName(path: Buffer): { name: Uint8Array; prefix?: Uint8Array } | undefined {
  if (path.length <= 100) return { name: path }
  if (path.length > 256) return undefined
  // The slash at the end of a folder's name divides nothing.
  const slash = path.lastIndexOf(0x2f, Math.min(155, path.length - 2))
  if (slash < 1 || path.length - slash - 1 > 100) return undefined
  return { prefix: path.subarray(0, slash), name: path.subarray(slash + 1) }
}

/** GNU sparse format 1.0: count, then offset and length of each range, in decimal lines, filled up to a block. */
function sparseMap(data: readonly DataRange[], sizeBytes: number): Buffer {
  const last = data.at(-1)
  const ends = last !== undefined && last.offset + last.length === sizeBytes
  // An empty range at the end tells the length of a file that ends with a hole.
  const ranges = ends ? data : [...data, { offset: sizeBytes, length: 0 }]
  const text = `${ranges.length}\n${ranges.map((range) => `${range.offset}\n${range.length}\n`).join('')}`
  return Buffer.concat([Buffer.from(text)], roundUp(text.length))
}

function floorSeconds(timeNs: bigint): bigint {
  const seconds = timeNs / 1_000_000_000n
  return timeNs < 0n && timeNs % 1_000_000_000n !== 0n ? seconds - 1n : seconds
}

function roundUp(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes
}
