import assert from 'node:assert/strict'
import { lstatSync } from 'node:fs'
import { test } from 'node:test'
import { linkedAway } from '../../src/sources/linked-away.ts'

test('no link leads out of the whole machine', () => {
  assert.ok(lstatSync('/bin').isSymbolicLink(), 'a link to a folder right below the root')
  assert.deepEqual(linkedAway('/', ['/bin/'], { include: [], exclude: [], oneFileSystem: false, cacheDirTag: false }), { named: [], others: [] })
})
