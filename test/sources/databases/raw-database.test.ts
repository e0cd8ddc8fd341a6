import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { lstatSync, mkdirSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { RawDatabaseWatch } from '../../../src/sources/databases/raw-database.ts'
import type { RawVerdict } from '../../../src/sources/databases/raw-database.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'hf-raw-'))
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function watched(folder = root): readonly RawVerdict[] {
  using watch = new RawDatabaseWatch(folder)
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const { dev, ino } = lstatSync(join(folder, name))
    watch.see({ path: relative(folder, join(folder, name)), kind: lstatSync(join(folder, name)).isDirectory() ? 'dir' : 'file', dev, ino })
  }
  return watch.verdicts()
}

function put(...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), 'x')
  }
}

test('the raw files of a running MariaDB are found out, those of a stopped one are not blamed', async () => {
  await using server = await startMariadb()
  const [verdict, ...others] = watched(server.folder)
  assert.deepEqual([verdict?.path, verdict?.engine, others], ['d', 'MariaDB or MySQL', []])
  assert.match(verdict?.message ?? '', /mariadbd/)
  await server.kill()
  assert.deepEqual(watched(server.folder), [])
})

test('an open file, a lock or a working folder of a server gives it away, whatever its path looks like', async () => {
  put('influx/meta/meta.db', 'influx/data/000001.tsm', 'mongo/WiredTiger.wt', 'pg/global/pg_control', 'pg/PG_VERSION', 'redis/appendonly.aof', 'redis/dump.rdb')
  assert.deepEqual(watched(), [])
  const reader = spawn('tail', ['-f', join(root, 'influx/data/000001.tsm'), join(root, 'redis/appendonly.aof')], { stdio: 'ignore' })
  // A program of that name whose working folder it is, as PostgreSQL's processes are; sleep under another name.
  execFileSync('cp', ['/bin/sleep', join(root, 'postgres')])
  const server = spawn(join(root, 'postgres'), ['60'], { cwd: join(root, 'pg'), stdio: 'ignore' })
  const locker = spawn('flock', [join(root, 'mongo/WiredTiger.wt'), 'sleep', '60'], { stdio: 'ignore', detached: true })
  try {
    await new Promise((resolve) => { setTimeout(resolve, 300) })
    assert.deepEqual(watched().map((verdict) => verdict.path).sort(), ['influx', 'mongo', 'pg', 'redis'])
  } finally {
    for (const child of [reader, server]) child.kill('SIGKILL')
    if (locker.pid !== undefined) process.kill(-locker.pid, 'SIGKILL')
  }
})

test('a PostgreSQL pid file counts unless its process is gone', () => {
  put('global/pg_control', 'postmaster.pid')
  writeFileSync(join(root, 'postmaster.pid'), `${process.ppid}\n${root}\n`)
  assert.deepEqual(watched().map((verdict) => verdict.path), ['.'])
  writeFileSync(join(root, 'postmaster.pid'), '4194300\n')
  assert.deepEqual(watched(), [])
})

test('our own open files and files of other kinds are nobody\'s database', () => {
  put('ibdata1', 'app/data.bin', 'meta/other.db')
  const fd = openSync(join(root, 'ibdata1'), 'r')
  try {
    assert.deepEqual(watched(), [])
  } finally {
    closeSync(fd)
  }
})
