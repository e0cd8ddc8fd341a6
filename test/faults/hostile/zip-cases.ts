import { createHash } from 'node:crypto'
import { crc32, deflateRawSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { forgedZip, record } from './forged-point.ts'
import type { ForgedRecord } from './forged-point.ts'
import { extraField, zip, zip64Field } from './raw-zip.ts'
import type { RawZipEnd, RawZipMember } from './raw-zip.ts'
import type { HostileCase } from './run-case.ts'

const content = Buffer.from('the content')

function hostile(name: string, expect: HostileCase['expect'], members: readonly RawZipMember[], records: readonly ForgedRecord[], end?: RawZipEnd): HostileCase {
  return { name: `zip: ${name}`, expect, build: () => forgedZip(members, records, end === undefined ? {} : { end }) }
}

const one = [record('a', { content: 'the content' })]

/** Members that lie within each other: each header's content is all that follows, as in 42.zip's flat relative (David Fifield, 2019). */
function overlapping(count: number): Buffer {
  const kernel = deflateRawSync(Buffer.alloc(1 << 20))
  const sum = crc32(Buffer.alloc(1 << 20))
  const members: RawZipMember[] = [{ name: '0', bytes: kernel, local: { crc: sum, plain: 1 << 20 }, central: { crc: sum, plain: 1 << 20 } }]
  for (let index = 1; index < count; index++) members.push({ name: String(index), bytes: Buffer.alloc(0), offset: 0, central: { stored: kernel.length, plain: 1 << 20, crc: sum } })
  return forgedZip(members, Array.from({ length: count }, (_, index) => record(String(index), { size: 1 << 20 })))
}

export const zipCases: HostileCase[] = [
  hostile('other names in the two headers', 'refused', [{ name: 'a', content, local: { name: '../pwned' } }], one),
  hostile('a name that leaves, in the directory only', 'refused', [{ name: '../pwned', content, local: { name: 'a' } }], [record('../pwned', { content: 'the content' })]),
  hostile('other sizes in the two headers', 'refused', [{ name: 'a', content, local: { plain: 3, stored: 3 } }], one),
  hostile('another method in the two headers', 'refused', [{ name: 'a', content, local: { method: 0 } }], one),
  hostile('another checksum in the two headers', 'refused', [{ name: 'a', content, local: { crc: 1 } }], one),
  hostile('a checksum that is wrong', 'refused', [{ name: 'a', content, local: { crc: 1 }, central: { crc: 1 } }], one),
  hostile('more content than its size', 'refused', [{ name: 'a', content, local: { plain: 5 }, central: { plain: 5 } }], [record('a', { content: 'the c' })]),
  hostile('less content than its size', 'refused', [{ name: 'a', content, local: { plain: 4_000_000 }, central: { plain: 4_000_000 } }], [record('a', { size: 4_000_000 })]),
  hostile('4 GB in 11 bytes', 'refused', [{ name: 'a', content, local: { plain: 0xfffffff0 }, central: { plain: 0xfffffff0 } }], [record('a', { size: 0xfffffff0 })]),
  hostile('stored bytes beyond the archive', 'refused', [{ name: 'a', content, method: 0, central: { stored: 50_000_000, plain: 50_000_000 }, local: { stored: 50_000_000, plain: 50_000_000 } }], [record('a', { size: 50_000_000 })]),
  hostile('a zip64 size of 2^63', 'refused', [{ name: 'a', content, central: { plain: 0xffffffff, extra: zip64Field(2n ** 63n) } }], one),
  hostile('a zip64 size of 8 EB', 'refused', [{ name: 'a', content, central: { plain: 0xffffffff, extra: zip64Field(2n ** 62n) } }], one),
  hostile('a zip64 place beyond the archive', 'refused', [{ name: 'a', content, offset: 0xffffffff, central: { extra: zip64Field(2n ** 40n) } }], one),
  hostile('zip64 marks without a zip64 field', 'refused', [{ name: 'a', content, central: { plain: 0xffffffff, stored: 0xffffffff } }], one),
  hostile('a zip64 field that is cut', 'refused', [{ name: 'a', content, central: { plain: 0xffffffff, extra: extraField(1, Buffer.alloc(3)) } }], one),
  hostile('an extra field longer than its room', 'refused', [{ name: 'a', content, central: { extra: Buffer.from([0x55, 0x54, 0xff, 0xff, 1, 2]) } }], one),
  hostile('an extra field of garbage', 'either', [{ name: 'a', content, extra: extraField(0x5455, Buffer.from([1])) }], one),
  hostile('an owner that is none', 'either', [{ name: 'a', content, extra: extraField(0x7875, Buffer.from([1, 200, 1])) }], one),
  hostile('a Unicode name that leaves', 'refused', [{ name: 'a', content, extra: unicodePath('a', '../pwned') }], [record('../pwned', { content: 'the content' })]),
  hostile('a Unicode name with a wrong sum', 'either', [{ name: 'a', content, extra: unicodePath('b', '../pwned') }], one),
  hostile('encrypted by its flag alone', 'refused', [{ name: 'a', content, flags: 0x801 }], one),
  hostile('AES without its field', 'refused', [{ name: 'a', content, flags: 0x801, method: 99 }], one),
  hostile('AES that is too short', 'refused', [{ name: 'a', content, flags: 0x801, method: 99, bytes: Buffer.alloc(5), extra: extraField(0x9901, Buffer.from([2, 0, 0x41, 0x45, 3, 8, 0])) }], one),
  hostile('AES of a strength that does not exist', 'refused', [{ name: 'a', content, flags: 0x801, method: 99, extra: extraField(0x9901, Buffer.from([2, 0, 0x41, 0x45, 9, 8, 0])) }], one),
  hostile('a method that is not read', 'refused', [{ name: 'a', content, method: 93, bytes: content }], one),
  hostile('deflate of garbage', 'refused', [{ name: 'a', content, bytes: Buffer.alloc(40, 0xee) }], one),
  hostile('bytes after the end of the deflate stream', 'refused', [{ name: 'a', content, bytes: Buffer.concat([deflateRawSync(content), Buffer.from('hidden')]) }], one),
  hostile('the same member twice in the directory', 'refused', [{ name: 'a', content, listed: 2 }], [...one, ...one]),
  hostile('two members of one name', 'refused', [{ name: 'a', content: Buffer.from('first') }, { name: 'a', content }], [record('a', { content: 'first' }), ...one]),
  hostile('a file and a folder of one name', 'refused', [{ name: 'a', content }, { name: 'a/' }], [...one, record('a', { kind: 'dir' })]),
  hostile('a member that is hidden from the directory', 'refused', [{ name: 'hidden', content, listed: 0 }], one),
  hostile('a folder with content', 'refused', [{ name: 'd/', content, mode: 0o040755 }], [record('d', { kind: 'dir' })]),
  hostile('a device', 'restored', [{ name: 'dev', mode: 0o020666 }], [record('dev', { kind: 'char', rdev: [1, 3] })]),
  hostile('fewer members than it holds', 'refused', [{ name: 'a', content }], one, { entries: 2 }),
  hostile('more members than it holds', 'refused', [{ name: 'a', content }], one, { entries: 60_000 }),
  hostile('a directory that begins elsewhere', 'refused', [{ name: 'a', content }], one, { directoryAt: 7 }),
  hostile('a directory beyond the archive', 'refused', [{ name: 'a', content }], one, { directoryAt: 0xfffffff0 }),
  hostile('an end record that points to a zip64 record that is not there', 'refused', [{ name: 'a', content }], one, { directoryAt: 0xffffffff, entries: 0xffff, zip64: locator(5n) }),
  hostile('a zip64 record of 2^60 members', 'refused', [{ name: 'a', content }], one, { directoryAt: 0xffffffff, entries: 0xffff, zip64: locator(2n ** 60n) }),
  hostile('a comment that pretends to be our seal', 'refused', [{ name: 'a', content }], one, { comment: `Written by Holdfast. SHA-256 of the central directory: ${'0'.repeat(64)}` }),
  { name: 'zip: 2,000 members that share one body', expect: 'refused', codes: ['archive.damaged', 'restore.space'], build: () => overlapping(2000) },
  { name: 'zip: a zip within, which is not opened', expect: 'restored', build: () => nested(), check: (target) => readFileSync(join(target, 'inner.zip')).subarray(0, 2).toString() === 'PK' ? undefined : 'the inner zip is not as it was' },
  { name: 'zip: 60,000 empty names', expect: 'refused', build: () => forgedZip(Array.from({ length: 60_000 }, () => ({ name: '' })), []) },
  // A zip is read by its directory, where members may stand in any order.
  { name: 'zip: records that come first', expect: 'either', build: () => forgedZip([], one, { last: [{ name: 'a', content }] }) },
  { name: 'zip: no records', expect: 'refused', codes: ['archive.foreign'], build: () => zip([{ name: 'a', content }]) },
  { name: 'zip: an end record alone', expect: 'refused', build: () => zip([]) },
  { name: 'zip: a start and nothing more', expect: 'refused', build: () => Buffer.from('504b0304', 'hex') },
]

function unicodePath(name: string, other: string): Buffer {
  const sum = Buffer.alloc(5, 1)
  sum.writeUInt32LE(crc32(Buffer.from(name)), 1)
  return extraField(0x7075, Buffer.concat([sum, Buffer.from(other)]))
}

function locator(members: bigint): Buffer {
  const record64 = Buffer.alloc(56)
  record64.writeUInt32LE(0x0606_4b50, 0)
  record64.writeBigUInt64LE(44n, 4)
  record64.writeBigUInt64LE(members, 24)
  record64.writeBigUInt64LE(members, 32)
  record64.writeBigUInt64LE(2n ** 40n, 40)
  const pointer = Buffer.alloc(20)
  pointer.writeUInt32LE(0x0706_4b50, 0)
  pointer.writeBigUInt64LE(members === 5n ? 2n ** 50n : 0n, 8)
  pointer.writeUInt32LE(1, 16)
  return Buffer.concat([record64, pointer])
}

function nested(): Buffer {
  let inner = zip([{ name: 'zeros', content: Buffer.alloc(1 << 24) }])
  for (let level = 0; level < 5; level++) inner = zip(Array.from({ length: 16 }, (_, index) => ({ name: `${index}.zip`, content: inner })))
  const plain = inner
  return forgedZip([{ name: 'inner.zip', content: plain }], [{ ...record('inner.zip'), size: plain.length, sha256: sha256(plain) }])
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
