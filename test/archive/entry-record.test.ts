import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../src/archive/entry-record.ts'
import { recordSchema } from '../../src/model/restore-point.ts'

const file = { path: 'a/b', kind: 'file', size: 3, mode: 0o644, mtimeNs: '1700000000000000001', uid: 0, gid: 5, user: 'root', group: 'tty', sha256: 'ab'.repeat(32) }
const good: readonly object[] = [
  file,
  { path: '.', kind: 'dir', mode: 0o755, mtimeNs: '-5' },
  { path: 'l', kind: 'symlink', mode: 0o777, mtimeNs: '0', linkTarget: '' },
  { ...file, hardlinkTo: 'c' },
  { ...file, data: [[0, 1]] },
  { path: 'n', kind: 'char', mode: 0, mtimeNs: '0', rdev: [1, 3] },
  { ...file, xattrs: { 'user.a': 'AAE=' } },
  { ...file, dump: true },
  { ...file, unknown: 1 },
]
const wrong: Readonly<Record<string, readonly unknown[]>> = {
  path: [1, null, undefined], kind: ['folder', '', null, undefined], size: [-1, 0.5, '3', null, 2 ** 53], mode: [-1, 0o10000, '1', undefined],
  mtimeNs: ['', '-', '1.5', 7, '1 ', undefined], uid: [-1, '0', 1.5], gid: [-1, null], user: [0], group: [false], linkTarget: [[]], hardlinkTo: [{}],
  sha256: ['ab', 'AB'.repeat(32), `${'ab'.repeat(32)}\n`, 0], data: [[[1]]], rdev: [[1]], xattrs: [{ a: '!' }], dump: [false],
}

test('a record is read as its schema says, whichever way it is checked', () => {
  for (const record of good) deepEqual(parseRecord(JSON.stringify(record)), recordSchema.parse(record))
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const record = { ...file, [field]: value }
      const line = JSON.stringify(record)
      equal(recordSchema.safeParse(JSON.parse(line)).success, false, line)
      throws(() => parseRecord(line), { code: 'archive.damaged' }, line)
    }
  }
  for (const line of ['', '{}', '[]', 'null', '"a"', '{"__proto__":{"path":"a"}}', `${JSON.stringify(file)}x`]) throws(() => parseRecord(line), { code: 'archive.damaged' }, line)
})
