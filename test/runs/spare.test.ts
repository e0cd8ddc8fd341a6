import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Manifest } from '../../src/model/restore-point.ts'
import { remarksKept } from '../../src/model/run-report.ts'
import { sparing } from '../../src/runs/restore/spare.ts'

type Told = Pick<Manifest, 'leftOut' | 'selection' | 'databases' | 'foreign'>

const nothing: Told = { leftOut: [], selection: { include: [], exclude: [], oneFileSystem: false, cacheDirTag: true }, databases: [] }
const unread = (...paths: readonly string[]): Manifest['leftOut'] => paths.map((path) => ({ code: 'unreadable', message: 'may not be read', path }))
const sqlite = (path: string): Manifest['databases'] => [{ engine: 'sqlite', version: '3', name: path, path, sizeBytes: 1, tables: [] }]
let folder = ''

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'spare-')) })
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function verdicts(told: Partial<Told>, paths: readonly string[], path?: string): readonly string[] {
  const belongs = sparing(() => 'take', folder, { ...nothing, ...told }, path)
  return paths.map((one) => belongs(one.replace(/\/$/, ''), one.endsWith('/')))
}

test('what could not be read and all below it is spared, and nothing beside it', () => {
  assert.deepEqual(verdicts({ leftOut: unread('closed', 'a/secret') }, ['closed/', 'closed/x', 'a/', 'a/secret', 'a/secrets', 'b']), ['skip', 'skip', 'take', 'skip', 'take', 'take'])
  assert.deepEqual(verdicts({ leftOut: unread('.holdfast-volumes/v/closed') }, ['closed/x', 'open'], '.holdfast-volumes/v'), ['skip', 'take'])
})

test('a folder that is there without something of its metadata is known with all in it', () => {
  assert.deepEqual(verdicts({ leftOut: [{ code: 'metadata', message: 'an attribute could not be read', path: 'data' }] }, ['data/', 'data/later']), ['take', 'take'])
})

test('where too much could not be read to be named nothing is removed, but for journals of databases that are restored', () => {
  const leftOut = unread(...Array.from({ length: remarksKept }, (_, number) => `gone/${number}`))
  assert.deepEqual(verdicts({ leftOut, databases: sqlite('shop.db') }, ['later', 'folder/', 'shop.db-wal', 'shop.db-shm', 'other.db-wal']), ['descend', 'descend', 'take', 'take', 'descend'])
  assert.deepEqual(verdicts({ leftOut: unread('data'), databases: sqlite('data/shop.db') }, ['data/shop.db-wal', 'data/x']), ['take', 'skip'])
  assert.deepEqual(verdicts({ leftOut, databases: sqlite('.holdfast-volumes/v/shop.db') }, ['shop.db-wal', 'x'], '.holdfast-volumes/v'), ['take', 'descend'])
})

test('contents of caches and folders of restore points are spared; a pipe of their names is waited for by nobody', { timeout: 5000 }, () => {
  for (const name of ['cache', 'place', 'pipes', 'plain']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n')
  writeFileSync(join(folder, 'place/RESTORE.md'), '# How to restore without Holdfast\n')
  writeFileSync(join(folder, 'plain/RESTORE.md'), '# My own notes\n')
  execFileSync('mkfifo', ['CACHEDIR.TAG', 'RESTORE.md'].map((name) => join(folder, 'pipes', name)))
  assert.deepEqual(verdicts({}, ['cache/', 'cache/x', 'place/', 'pipes/', 'pipes/x', 'plain/']), ['descend', 'skip', 'skip', 'take', 'take', 'take'])
})

test('a point of another program says nothing of caches, and no point of the safety points of other applications', () => {
  for (const name of ['cache', '.shop.holdfast', '.holdfast']) mkdirSync(join(folder, name))
  writeFileSync(join(folder, 'cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n')
  const selection = { ...nothing.selection, cacheDirTag: false }
  assert.deepEqual(verdicts({ selection }, ['cache/', 'cache/x', '.shop.holdfast/', 'deep/.shop.holdfast/', '.holdfast/', 'shop.holdfast/']), ['take', 'take', 'skip', 'skip', 'skip', 'take'])
  assert.deepEqual(verdicts({ selection, foreign: { kind: 'iotstack', container: 'tar.gz' } }, ['cache/', 'cache/x']), ['descend', 'skip'])
})
