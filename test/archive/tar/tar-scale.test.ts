import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { openSync, closeSync, ftruncateSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { openArchiveVault } from '../../../src/archive/archive-vault.ts'
import { crc32Combine } from '../../../src/archive/tar/crc32-combine.ts'
import { decodePaxTime, encodePaxTime } from '../../../src/archive/tar/pax-records.ts'
import { decodeHeader, encodeHeader, putSize } from '../../../src/archive/tar/tar-header.ts'
import { encodeMember } from '../../../src/archive/tar/tar-member.ts'
import type { Entry } from '../../../src/model/entry.ts'
import { openLocalStorage } from '../../../src/storage/local.ts'
import { collector } from '../../fixtures/collector.ts'
import { about, allOf, entriesOf, folder, randomBytesOf, seeded, testRun } from '../fixtures.ts'

test('100,000 small members are written and checked with flat memory', async (t) => {
  const [source, place] = [folder(t), folder(t)]
  writeFileSync(join(source, 'tiny'), 'tiny\n')
  const { mtimeNs, ctimeNs } = statSync(join(source, 'tiny'), { bigint: true })
  const collect = collector()
  const kept: number[] = []
  const sample = (index: number): void => {
    if (index % 35_000 !== 29_000) return
    // What is not needed any more goes whenever the engine likes; what is kept shows only then.
    collect()
    const { heapUsed, external } = process.memoryUsage()
    kept.push(heapUsed + external)
  }
  async function* members(): AsyncIterable<Entry> {
    for (let i = 0; i < 100_000; i++) {
      sample(i)
      yield { path: `folder-${i % 100}/file-${i}.txt`, kind: 'file', mode: 0o644, mtimeNs, ctimeNs, size: 5, uid: 0, gid: 0, onDisk: join(source, 'tiny') }
    }
  }
  const vault = await openArchiveVault({ storage: await openLocalStorage({ root: place }), format: 'tar.zst' })
  const [point] = await vault.save(members(), about(), testRun(), () => undefined)
  assert.equal(point?.entries, 100_000)
  assert.equal(point.complete, true)
  assert.deepEqual(await allOf(vault.check(point.id, 'quick', testRun())), [])
  const [early = 0, middle, late = 0] = kept
  assert.ok(late - early < 7e6, `${early}, ${middle}, ${late}`)
})

test('a file of more than 8 GiB that is mostly hole takes no space, and its size is told to GNU tar', async (t) => {
  const [source, place] = [folder(t), folder(t)]
  const fd = openSync(join(source, 'disk.img'), 'w')
  ftruncateSync(fd, 8.7e9)
  writeSync(fd, 'far out', 8.6e9)
  closeSync(fd)
  const vault = await openArchiveVault({ storage: await openLocalStorage({ root: place }), format: 'tar.zst' })
  const [point] = await vault.save(entriesOf(source), about(), testRun(), () => undefined)
  assert.ok(point !== undefined && point.sizeBytes < 100_000)
  assert.match(execFileSync('tar', ['--zstd', '-tvf', join(place, point.key)], { encoding: 'utf8' }), / 8700000000 .* disk\.img/)
  const entry = (await allOf(vault.open(point.id, () => true, testRun(), 'content'))).find((each) => each.path === 'disk.img')
  assert.deepEqual([entry?.size, entry?.data?.length], [8_700_000_000, 1])
})

test('sizes, owners and times beyond the old fields are kept in the header and beside it', () => {
  const big: Entry & { kind: 'file' } = { path: 'big', kind: 'file', mode: 0o644, mtimeNs: -1_500_000_000n, uid: 4_000_000_000, gid: 3_000_000, size: 9e9 }
  const { bytes, contentBytes } = encodeMember(big, 9e9)
  const header = decodeHeader(bytes.subarray(bytes.length - 512))
  assert.deepEqual([contentBytes, header?.sizeBytes, header?.uid, header?.gid, header?.mtimeSeconds], [9e9, 9e9, 4_000_000_000, 3_000_000, -2])
  for (const record of ['size=9000000000', 'uid=4000000000', 'gid=3000000', 'mtime=-1.5']) assert.ok(Buffer.from(bytes).includes(record), record)
  const block = new Uint8Array(512)
  encodeHeader(block, { name: Buffer.from('dump'), mode: 0o600, uid: 1, gid: 2, sizeBytes: 0, mtimeSeconds: 3, type: '0' })
  for (const size of [0, 1, 8 ** 11 - 1, 8 ** 11, 2 ** 50]) {
    putSize(block, size)
    assert.equal(decodeHeader(block)?.sizeBytes, size)
  }
})

test('times survive to the nanosecond, before 1970 too', () => {
  for (const timeNs of [0n, 1n, -1n, 999_999_999n, -999_999_999n, 1_700_000_000_123_456_789n, -5_000_000_000n, 253_402_300_799_999_999_999n]) assert.equal(decodePaxTime(encodePaxTime(timeNs)), timeNs)
})

test('the checksum of joined runs is that of all bytes, for any lengths', () => {
  const random = seeded(11)
  for (let i = 0; i < 50; i++) {
    const [first, second] = [randomBytesOf(random, Math.floor(random() * 3000)), randomBytesOf(random, Math.floor(random() * 3000))]
    assert.equal(crc32Combine(crc32(first), crc32(second), second.length), crc32(Buffer.concat([first, second])))
  }
  const zeros = Buffer.alloc(1 << 20)
  assert.equal(crc32Combine(crc32('x'), crc32(zeros), zeros.length), crc32(zeros, crc32('x')))
})
