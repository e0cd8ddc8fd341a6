import { parseExtraFields } from 'yauzl'
import type { AppError } from '../../kit/app-error.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveWindow } from './archive-window.ts'
import { extraIds, zip64Sizes } from './extra-fields.ts'
import { overlap } from './member-spans.ts'
import type { ZipDirectory } from './zip-directory.ts'
import { largest32 } from './zip-member.ts'
import type { ZipRecord } from './zip-record.ts'

const localBytes = 30
const descriptorFlag = 8
const aesMethod = 99

/**
 * Reads the local header of a member, compares it with the directory, and gives where its stored bytes start.
 * @throws AppError `archive.damaged`.
 */
export async function contentStart(window: ArchiveWindow, directory: ZipDirectory, record: ZipRecord): Promise<number> {
  const { offset, header } = record
  const fixed = Buffer.from(await window.read(offset, offset + localBytes))
  if (fixed.readUInt32LE(0) !== 0x0403_4b50) throw differs(record)
  const start = offset + localBytes + fixed.readUInt16LE(26) + fixed.readUInt16LE(28)
  const limit = directory.spans.end(offset)
  if (start + record.storedBytes > limit) throw overlap()
  const whole = Buffer.from(await window.read(offset, start))
  if (directory.sealed) {
    const foretold = whole.equals(foretoldHeader(record, false)) || whole.equals(foretoldHeader(record, true))
    // Nothing lies between members of ours that nobody would notice.
    if (!foretold || start + record.storedBytes !== limit) throw differs(record)
    return start
  }
  const name = whole.subarray(localBytes, localBytes + fixed.readUInt16LE(26))
  const same = name.equals(header.fileNameRaw) && fixed.readUInt16LE(8) === header.compressionMethod && ((fixed.readUInt16LE(6) ^ header.generalPurposeBitFlag) & 1) === 0
  if (!same || !sameSums(fixed, record)) throw differs(record)
  return start
}

/** Sums and sizes that come before the content must be those of the directory; some programs leave them zero. */
function sameSums(fixed: Buffer, record: ZipRecord): boolean {
  if ((fixed.readUInt16LE(6) & descriptorFlag) !== 0) return true
  return ([[14, record.crc32], [18, record.storedBytes], [22, record.plainBytes]] as const).every(([at, value]) => {
    const stated = fixed.readUInt32LE(at)
    return stated === value || stated === 0 || (at !== 14 && stated === largest32)
  })
}

/** The local header that Holdfast writes for such a member (see zip-headers.ts), from the directory's fields. */
function foretoldHeader(record: ZipRecord, wide: boolean): Buffer {
  const { header } = record
  const encrypted = header.compressionMethod === aesMethod
  const skipped = new Set<number>([extraIds.zip64, extraIds.storedCheck])
  const extras: Buffer[] = parseExtraFields(header.extraFieldRaw).filter((field) => !skipped.has(field.id)).map((field) => {
    const head = Buffer.alloc(4)
    head.writeUInt16LE(field.id, 0)
    head.writeUInt16LE(field.data.length, 2)
    return Buffer.concat([head, field.data])
  })
  if (wide) extras.unshift(zip64Sizes(record))
  const all = Buffer.concat(extras)
  const fixed = Buffer.alloc(localBytes)
  fixed.writeUInt32LE(0x0403_4b50, 0)
  fixed.writeUInt16LE(encrypted ? 51 : wide ? 45 : 20, 4)
  fixed.writeUInt16LE(header.generalPurposeBitFlag, 6)
  fixed.writeUInt16LE(header.compressionMethod, 8)
  fixed.writeUInt16LE(header.lastModFileTime, 10)
  fixed.writeUInt16LE(header.lastModFileDate, 12)
  fixed.writeUInt32LE(header.crc32, 14)
  fixed.writeUInt32LE(wide ? largest32 : Math.min(record.storedBytes, largest32), 18)
  fixed.writeUInt32LE(wide ? largest32 : Math.min(record.plainBytes, largest32), 22)
  fixed.writeUInt16LE(header.fileNameLength, 26)
  fixed.writeUInt16LE(all.length, 28)
  return Buffer.concat([fixed, header.fileNameRaw, all])
}

function differs(record: ZipRecord): AppError {
  return damaged(`what it says of ${record.path} in two places differs`)
}
