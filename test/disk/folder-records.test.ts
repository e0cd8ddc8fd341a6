import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FolderRecords } from '../../src/disk/folder-records.ts'
import type { FolderRecord } from '../../src/disk/folder-records.ts'
import { collector } from '../fixtures/collector.ts'

function record(path: string, attribute?: Buffer): FolderRecord {
  return { path, dev: 1n, ino: 2n ** 60n, removals: 1, metadata: { path, kind: 'dir', mode: 0o755, mtimeNs: -1n, uid: 1, gid: 2, ...(attribute === undefined ? {} : { xattrs: new Map([['user.a', attribute]]) }) } }
}

test('the deepest folders come first, those beyond a MiB too, with all that was known of them', () => {
  using records = new FolderRecords()
  const attribute = Buffer.alloc(1000, 'a')
  for (let i = 0; i < 1500; i++) {
    records.add(record(`folder-${i}`, attribute))
    records.add({ ...record(`folder-${i}/deeper`), metadata: undefined })
  }
  records.add(record('.'))
  const all = [...records.deepestFirst()]
  assert.deepEqual(all.map(({ path }) => path), [...Array.from({ length: 1500 }, (_, i) => `folder-${i}/deeper`), ...Array.from({ length: 1500 }, (_, i) => `folder-${i}`), '.'])
  assert.deepEqual(all[1500], record('folder-0', attribute))
  assert.equal(all[0]?.metadata, undefined)
})

test('records keep nothing alive but themselves', async () => {
  const collect = collector()
  using records = new FolderRecords()
  collect()
  const before = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 2000; i++) {
    records.add(record(`folder-${i}`))
    // Contents of files come from the same shared memory as small buffers do.
    Buffer.allocUnsafe(20_000).fill(1)
  }
  collect()
  // Memory is given back a little later, by another thread.
  await sleep(100)
  collect()
  const grownBytes = process.memoryUsage().arrayBuffers - before
  // A slab for each record would be more than 40 MB.
  assert.ok(grownBytes < 15e6, `${grownBytes}`)
})
