import { deepEqual, equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Entry } from '../../src/model/entry.ts'
import { CentralDirectory } from '../../src/archive/zip/central-directory.ts'
import { zipFormat } from '../../src/archive/zip/zip-format.ts'
import { centralRecord, localHeader } from '../../src/archive/zip/zip-headers.ts'
import { zipMember } from '../../src/archive/zip/zip-member.ts'
import { fileEntry, local, never, python, run, someTimeNs, withFolder, writeArchive } from './zip-support.ts'

test('70,000 members are written and read, by others too', () => withFolder(async (folder) => {
  const archive = join(folder, 'a.zip')
  const count = 70_000
  await writeArchive(archive, (function* (): Generator<Entry> {
    for (let i = 0; i < count; i++) yield { path: `d${i}`, kind: 'dir', mode: 0o755, mtimeNs: someTimeNs }
    yield fileEntry('last', 'the end')
  })())
  let read = 0
  for await (const entry of zipFormat.read(local(archive), { signal: never })) {
    if (entry.kind === 'dir') read += 1
  }
  equal(read, count)
  equal(run('unzip', 'unzip', ['-p', archive, 'last']), 'the end')
  equal(python('import zipfile,sys\nprint(len(zipfile.ZipFile(sys.argv[1]).infolist()))', archive).trim(), String(count + 1))
}))

const big = 5 * 2 ** 30
const content = { deflated: true, encrypted: false, crc32: 1, plainBytes: big, storedBytes: 7 }

test('a member of more than 4 GiB has both sizes in the local header\'s zip64 field, and the large ones in the directory\'s', () => {
  const member = zipMember(fileEntry('x', ''), 'file', true)
  const header = localHeader(member, content)
  deepEqual([header.readUInt16LE(4), header.readUInt32LE(18), header.readUInt32LE(22)], [45, 0xffff_ffff, 0xffff_ffff])
  deepEqual([header.readUInt16LE(31), header.readUInt16LE(33), header.readBigUInt64LE(35), header.readBigUInt64LE(43)], [1, 16, BigInt(big), 7n])
  const record = centralRecord(member, content, big + 1, 0)
  deepEqual([record.readUInt16LE(6), record.readUInt32LE(20), record.readUInt32LE(24), record.readUInt32LE(42)], [45, 7, 0xffff_ffff, 0xffff_ffff])
  deepEqual([record.readUInt16LE(47), record.readUInt16LE(49), record.readBigUInt64LE(51), record.readBigUInt64LE(59)], [1, 16, BigInt(big), BigInt(big + 1)])
})

test('a member whose local header is large stays narrow in the directory where its sizes are small', () => {
  const record = centralRecord(zipMember(fileEntry('x', ''), 'file', true), { ...content, plainBytes: 9 }, 3, 0)
  deepEqual([record.readUInt32LE(20), record.readUInt32LE(24), record.readUInt32LE(42)], [7, 9, 3])
  equal(record.readUInt16LE(47), 0x5455)
})

test('a central directory of many records gives them back in order, and holds them in little memory', () => {
  const directory = new CentralDirectory()
  const records = Array.from({ length: 20_000 }, (_, index) => Buffer.from(`record ${index} `.repeat(10)))
  for (const record of records) directory.add(record)
  equal(directory.facts().records, 20_000)
  deepEqual(Buffer.concat([...directory.bytes()]), Buffer.concat(records))
})

test('archives of the same members differ only where they must: never without a password', () => withFolder(async (folder) => {
  const entries = [fileEntry('a', 'a'.repeat(5000)), fileEntry('b', 'b'.repeat(3_000_000))]
  for (const name of ['1.zip', '2.zip']) await writeArchive(join(folder, name), entries)
  ok(readFileSync(join(folder, '1.zip')).equals(readFileSync(join(folder, '2.zip'))))
}))
