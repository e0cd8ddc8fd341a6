import { commonExtras, storedCheck, zip64Facts, zip64Sizes } from './extra-fields.ts'
import { dosTime } from './dos-time.ts'
import { largest32 } from './zip-member.ts'
import type { ZipContent, ZipMember } from './zip-member.ts'

const localSignature = 0x0403_4b50
const centralSignature = 0x0201_4b50
const localBytes = 30
const centralBytes = 46
/** Unix, APPNOTE 6.3. */
const madeBy = 0x033f
const folderAttribute = 0x10

/** APPNOTE 4.3.7. */
export function localHeader(member: ZipMember, content: ZipContent): Buffer {
  const extras = Buffer.concat([member.wide ? zip64Sizes(content) : Buffer.alloc(0), commonExtras(member, content)])
  const header = Buffer.alloc(localBytes)
  header.writeUInt32LE(localSignature, 0)
  putFacts(header, 4, member, content, member.wide)
  header.writeUInt16LE(extras.length, 28)
  return Buffer.concat([header, member.name, extras])
}

/** APPNOTE 4.3.12. `offset`: where the local header stands; `storedSum`: CRC-32 of the bytes that follow it. */
export function centralRecord(member: ZipMember, content: ZipContent, offset: number, storedSum: number): Buffer {
  const zip64 = zip64Facts(content, offset)
  const extras = Buffer.concat([zip64, commonExtras(member, content), storedCheck(storedSum)])
  const header = Buffer.alloc(centralBytes)
  header.writeUInt32LE(centralSignature, 0)
  header.writeUInt16LE(madeBy, 4)
  putFacts(header, 6, member, content, false)
  if (member.wide || zip64.length > 0) header.writeUInt16LE(Math.max(header.readUInt16LE(6), 45), 6)
  header.writeUInt16LE(extras.length, 30)
  // Unix modes take the upper half; the lower one is for programs that know only DOS.
  header.writeUInt32LE(member.mode * 0x1_0000 + ((member.mode & 0o170000) === 0o040000 ? folderAttribute : 0), 38)
  header.writeUInt32LE(Math.min(offset, largest32), 42)
  return Buffer.concat([header, member.name, extras])
}

/** The 24 bytes that both headers have, from "version needed" to the length of the name. */
function putFacts(header: Buffer, at: number, member: ZipMember, content: ZipContent, wide: boolean): void {
  const { date, time } = dosTime(member.mtimeSeconds)
  header.writeUInt16LE(content.encrypted ? 51 : wide ? 45 : 20, at)
  header.writeUInt16LE((content.encrypted ? 1 : 0) | (member.utf8 ? 0x800 : 0), at + 2)
  header.writeUInt16LE(content.encrypted ? 99 : content.deflated ? 8 : 0, at + 4)
  header.writeUInt16LE(time, at + 6)
  header.writeUInt16LE(date, at + 8)
  header.writeUInt32LE(content.crc32, at + 10)
  header.writeUInt32LE(wide ? largest32 : Math.min(content.storedBytes, largest32), at + 14)
  header.writeUInt32LE(wide ? largest32 : Math.min(content.plainBytes, largest32), at + 18)
  header.writeUInt16LE(member.name.length, at + 22)
}
