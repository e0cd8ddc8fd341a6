import { largest32 } from './zip-member.ts'

/** Where the central directory is, and what of it stands at the end of the archive. */
export type DirectoryFacts = { readonly offset: number; readonly sizeBytes: number; readonly records: number; readonly sha256: string }

const sealText = 'Written by Holdfast. SHA-256 of the central directory: '
const largest16 = 0xffff
const zip64Bytes = 56
const locatorBytes = 20
const endBytes = 22

/**
 * The end of an archive: the zip64 records where counts or offsets need them (APPNOTE 4.3.14, 4.3.15), the end record
 * (4.3.16), and as its comment the directory's hash: zip itself protects contents, but no names, modes and times.
 */
export function endRecords(directory: DirectoryFacts): Buffer {
  const wide = directory.records >= largest16 || directory.sizeBytes >= largest32 || directory.offset >= largest32
  const comment = Buffer.from(sealText + directory.sha256, 'latin1')
  const end = Buffer.alloc(endBytes)
  end.writeUInt32LE(0x0605_4b50, 0)
  const records = Math.min(directory.records, largest16)
  end.writeUInt16LE(records, 8)
  end.writeUInt16LE(records, 10)
  end.writeUInt32LE(Math.min(directory.sizeBytes, largest32), 12)
  end.writeUInt32LE(Math.min(directory.offset, largest32), 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([wide ? zip64End(directory) : Buffer.alloc(0), end, comment])
}

/** The hash that an archive's comment tells; undefined where Holdfast has not written it. */
export function sealedHash(comment: Uint8Array): string | undefined {
  const text = Buffer.from(comment).toString('latin1')
  const hash = text.slice(sealText.length)
  return text.startsWith(sealText) && /^[0-9a-f]{64}$/.test(hash) ? hash : undefined
}

function zip64End(directory: DirectoryFacts): Buffer {
  const end = Buffer.alloc(zip64Bytes + locatorBytes)
  end.writeUInt32LE(0x0606_4b50, 0)
  // Without the signature and this field.
  end.writeBigUInt64LE(BigInt(zip64Bytes - 12), 4)
  end.writeUInt16LE(0x033f, 12)
  end.writeUInt16LE(45, 14)
  end.writeBigUInt64LE(BigInt(directory.records), 24)
  end.writeBigUInt64LE(BigInt(directory.records), 32)
  end.writeBigUInt64LE(BigInt(directory.sizeBytes), 40)
  end.writeBigUInt64LE(BigInt(directory.offset), 48)
  end.writeUInt32LE(0x0706_4b50, zip64Bytes)
  end.writeBigUInt64LE(BigInt(directory.offset + directory.sizeBytes), zip64Bytes + 8)
  end.writeUInt32LE(1, zip64Bytes + 16)
  return end
}
