import { largest32 } from './zip-member.ts'
import type { ZipContent, ZipMember } from './zip-member.ts'

/** Identifiers of extra fields: APPNOTE 4.5.2 and 4.6.1, Info-ZIP's proginfo/extrafld.txt, WinZip's AES page. */
export const extraIds = {
  zip64: 0x0001,
  ntfs: 0x000a,
  timestamp: 0x5455,
  unixOwner: 0x7875,
  aes: 0x9901,
  unicodePath: 0x7075,
  /** Our own, in the central directory only: CRC-32 of the member's bytes as they are stored. */
  storedCheck: 0x4648,
} as const

const smallestTime = -(2 ** 31)
const largestTime = 2 ** 31 - 1

/** Extra fields that stand in both headers, in this order: time, owner, encryption. */
export function commonExtras(member: ZipMember, content: ZipContent): Buffer {
  return Buffer.concat([timestamp(member.mtimeSeconds), owner(member.owner), content.encrypted ? aes(content) : none])
}

/** For the local header: both sizes, always. */
export function zip64Sizes(content: Pick<ZipContent, 'plainBytes' | 'storedBytes'>): Buffer {
  const data = Buffer.alloc(16)
  data.writeBigUInt64LE(BigInt(content.plainBytes), 0)
  data.writeBigUInt64LE(BigInt(content.storedBytes), 8)
  return field(extraIds.zip64, data)
}

/** For the central directory: only what does not fit into its 32 bits, in this order. */
export function zip64Facts(content: ZipContent, offset: number): Buffer {
  const wide = [content.plainBytes, content.storedBytes, offset].filter((value) => value >= largest32)
  if (wide.length === 0) return none
  const data = Buffer.alloc(wide.length * 8)
  for (const [index, value] of wide.entries()) data.writeBigUInt64LE(BigInt(value), index * 8)
  return field(extraIds.zip64, data)
}

export function storedCheck(sum: number): Buffer {
  const data = Buffer.alloc(4)
  data.writeUInt32LE(sum)
  return field(extraIds.storedCheck, data)
}

const none = Buffer.alloc(0)

function timestamp(seconds: number): Buffer {
  if (seconds < smallestTime || seconds > largestTime) return none
  const data = Buffer.alloc(5)
  // Bit 0: only the time of the last change.
  data[0] = 1
  data.writeInt32LE(seconds, 1)
  return field(extraIds.timestamp, data)
}

function owner(ids: ZipMember['owner']): Buffer {
  if (ids === undefined) return none
  const data = Buffer.alloc(11)
  data[0] = 1
  data[1] = 4
  data.writeUInt32LE(ids.uid, 2)
  data[6] = 4
  data.writeUInt32LE(ids.gid, 7)
  return field(extraIds.unixOwner, data)
}

/** AE-2: without the content's CRC, which would tell small contents; strength 3; then the method that was encrypted. */
function aes(content: ZipContent): Buffer {
  const data = Buffer.from([2, 0, 0x41, 0x45, 3, 0, 0])
  data.writeUInt16LE(content.deflated ? 8 : 0, 5)
  return field(extraIds.aes, data)
}

function field(id: number, data: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16LE(id, 0)
  head.writeUInt16LE(data.length, 2)
  return Buffer.concat([head, data])
}
