import { crc32 } from 'node:zlib'
import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { forgedTar, forgedTarGz, forgedZip, member, record, tarTrailer, trailerTexts } from './forged-point.ts'
import { base256, gzip, gzipOf, tarEnd, tarHeader, tarMember, zeroDeflate } from './raw-tar.ts'
import { zip64Field } from './raw-zip.ts'
import type { HostileCase } from './run-case.ts'

const mebibyte = 1 << 20
const room = { roomMebibytes: 64 }
const codes = ['archive.damaged', 'archive.too-large', 'restore.space', 'storage.full', 'archive.foreign']

/** 10 GB in full. */
function bombMebibytes(full: boolean): number {
  return full ? 10_240 : 256
}

/** Reading 10 GB takes time without being a hang; what counts is that neither memory nor disk is filled. */
function bomb(name: string, build: (mebibytes: number) => Buffer | Promise<Buffer>, more: Partial<HostileCase> = {}): HostileCase {
  return { name: `bomb: ${name}`, expect: 'refused', codes, ...room, seconds: 90, build: (_, full) => build(bombMebibytes(full)), ...more }
}

function* zeros(mebibytes: number): Generator<Buffer> {
  const block = Buffer.alloc(mebibyte)
  for (let count = 0; count < mebibytes; count++) yield block
}

function* bigMember(mebibytes: number): Generator<Buffer> {
  yield tarHeader({ name: 'zeros', size: base256(BigInt(mebibytes) * BigInt(mebibyte), 12) })
  yield* zeros(mebibytes)
}

function told(mebibytes: number): ReturnType<typeof record> {
  return record('zeros', { size: mebibytes * mebibyte })
}

/** One Zstandard frame (RFC 8878): raw blocks, then runs of 128 KiB of zeros in four bytes each, then raw blocks. */
function zstd(before: Uint8Array, mebibytes: number, after: Uint8Array, head: Uint8Array = Buffer.from('28b52ffd0038', 'hex')): Buffer {
  const run = blockHeader(1, 128 * 1024, false)
  return Buffer.concat([head, ...rawBlocks(before), ...Array.from({ length: mebibytes * 8 }, () => Buffer.concat([run, Buffer.alloc(1)])), ...rawBlocks(after), blockHeader(0, 0, true)])
}

function rawBlocks(bytes: Uint8Array): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 65_536) {
    const part = bytes.subarray(at, at + 65_536)
    blocks.push(blockHeader(0, part.length, false), Buffer.from(part))
  }
  return blocks
}

function blockHeader(type: number, size: number, last: boolean): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntLE((size << 3) | (type << 1) | (last ? 1 : 0), 0, 3)
  return header
}

function zipBomb(mebibytes: number, says: number): Buffer {
  const bytes = zeroDeflate(mebibytes)
  const facts = { plain: says, crc: 0 }
  return forgedZip([{ name: 'zeros', bytes, local: facts, central: facts }], [record('zeros', { size: says })])
}

export const bombCases: HostileCase[] = [
  bomb('zeros in gzip, more than there is room for', (mebibytes) => gzipOf([...bigMember(mebibytes), tarTrailer({ records: [told(mebibytes)] })])),
  bomb('zeros in Zstandard, more than there is room for', (mebibytes) => zstd(tarHeader({ name: 'zeros', size: base256(BigInt(mebibytes) * BigInt(mebibyte), 12) }), mebibytes, tarTrailer({ records: [told(mebibytes)] }))),
  bomb('zeros in a zip, more than there is room for', (mebibytes) => {
    const size = BigInt(mebibytes) * BigInt(mebibyte)
    const wide = { plain: 0xffffffff, crc: 0, extra: zip64Field(size) }
    return forgedZip([{ name: 'zeros', bytes: zeroDeflate(mebibytes), local: { ...wide, extra: Buffer.alloc(0) }, central: wide }], [told(mebibytes)])
  }),
  bomb('zeros in a zip that says 1 MB', (mebibytes) => zipBomb(mebibytes, mebibyte)),
  bomb('zeros in a zip that says 5 bytes', (mebibytes) => zipBomb(mebibytes, 5)),
  bomb('zeros after the end of a tar, in gzip', (mebibytes) => gzipOf([forgedTar([member('a')]), ...zeros(mebibytes)])),
  bomb('zeros after the end of a tar, in Zstandard', (mebibytes) => zstd(forgedTar([member('a')]), mebibytes, Buffer.alloc(0))),
  bomb('zeros as records', (mebibytes) => gzipOf([tarHeader({ name: '.holdfast-0123456789abcdef/records.ndjson', size: base256(BigInt(mebibytes) * BigInt(mebibyte), 12) }), ...zeros(Math.min(mebibytes, 1024)), tarEnd])),
  bomb('zeros as a manifest', (mebibytes) => {
    const { records, id } = trailerTexts({ records: [] })
    const size = Math.min(mebibytes, 1024)
    return gzipOf([tarMember({ name: `.holdfast-${id}/records.ndjson` }, records), tarHeader({ name: `.holdfast-${id}/manifest.json`, size: size * mebibyte }), ...zeros(size), tarEnd])
  }),
  bomb('8 TB in a sparse file of nothing', () => gzip(Buffer.concat([
    oldSparse(8e12),
    tarTrailer({ records: [record('sparse', { size: 8e12, data: [] })] }),
  ]))),
  bomb('a Zstandard window of 3.75 TB', () => zstd(forgedTar([member('a')]), 0, Buffer.alloc(0), Buffer.from('28b52ffd00ff', 'hex'))),
  bomb('a Zstandard window of 2 GB', () => zstd(forgedTar([member('a')]), 0, Buffer.alloc(0), Buffer.from('28b52ffd00a8', 'hex'))),
  bomb('a Zstandard window of 128 MB', () => zstd(forgedTar([member('a')]), 0, Buffer.alloc(0), Buffer.from('28b52ffd0088', 'hex')), { expect: 'restored' }),
  bomb('a Zstandard frame of 2^63 bytes', () => zstd(forgedTar([member('a')]), 0, Buffer.alloc(0), Buffer.from('28b52ffde0ffffffffffffff7f', 'hex'))),
  bomb('a Zstandard frame that says 4 MB and holds more', (mebibytes) => zstd(forgedTar([member('a')]), mebibytes, Buffer.alloc(0), Buffer.from('28b52ffda000004000', 'hex'))),
  bomb('many Zstandard frames of 4 MB in a few bytes', (mebibytes) => Buffer.concat(Array.from({ length: mebibytes / 4 }, () => {
    const frame = zstd(Buffer.alloc(0), 4, Buffer.alloc(0), Buffer.from('28b52ffda000004000', 'hex'))
    return frame
  }))),
  bomb('a Zstandard frame to skip of 4 GB', () => Buffer.concat([Buffer.from('502a4d18ffffffff', 'hex'), Buffer.alloc(100)])),
  bomb('a million empty frames', (mebibytes) => Buffer.concat(Array.from({ length: mebibytes * 100 }, () => Buffer.from('28b52ffd2000010000', 'hex')))),
  bomb('100,000 empty gzip members', (mebibytes) => Buffer.concat(Array.from({ length: mebibytes * 10 }, () => gzip(Buffer.alloc(0))))),
  bomb('a gzip name without an end', () => Buffer.concat([Buffer.from('1f8b0808000000000003', 'hex'), Buffer.alloc(50_000_000, 'n')])),
  bomb('a gzip checksum that is wrong', () => {
    const bytes = forgedTarGz([member('a')])
    bytes.writeUInt32LE(crc32(bytes), bytes.length - 8)
    return bytes
  }),
  {
    name: 'bomb: a million empty names in a tar',
    expect: 'either',
    seconds: 120,
    build: (_, full) => {
      const count = full ? 1_000_000 : 30_000
      const header = tarHeader({ name: './', type: '5', mode: 0o755 })
      return gzipOf((function* () {
        for (let block = 0; block < count; block += 1000) yield Buffer.concat(Array.from({ length: 1000 }, () => header))
        yield tarTrailer({ records: Array.from({ length: count }, () => '{"path":".","kind":"dir","mode":493,"mtimeNs":"1700000000000000000"}') })
      })())
    },
    check: (target) => lstatSync(join(target, '.')).isDirectory() ? undefined : 'no folder',
  },
]

function oldSparse(size: number): Buffer {
  const block = tarHeader({ name: 'sparse', type: 'S', magic: 'ustar  \0', size: 0 })
  block.set(base256(BigInt(size), 12), 483)
  block.fill(0x20, 148, 156)
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}
