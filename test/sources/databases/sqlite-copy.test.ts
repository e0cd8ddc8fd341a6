import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, linkSync, lstatSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, test } from 'node:test'
import { decodeName, systemPath } from '../../../src/disk/name-codec.ts'
import type { Entry } from '../../../src/model/entry.ts'
import type { Dump } from '../../../src/sources/databases/database.ts'
import { isSqliteFile, sqliteCompanions } from '../../../src/sources/databases/find-sqlite.ts'
import { describeSqlite, sqliteDump } from '../../../src/sources/databases/sqlite-copy.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hf-sqlite-'))
  file = join(folder, 'live.db')
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

function create(path: string, mode: 'WAL' | 'DELETE', rows = 500): DatabaseSync {
  const db = new DatabaseSync(systemPath(path))
  db.exec(`PRAGMA journal_mode=${mode}; CREATE TABLE "odd ""na'me" (a INTEGER PRIMARY KEY, b TEXT); CREATE TABLE empty (x); CREATE VIEW v AS SELECT 1; CREATE INDEX i ON "odd ""na'me" (b);
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${rows}) INSERT INTO "odd ""na'me" SELECT x, 'text ' || x FROM n`)
  return db
}

function live(path = file): Entry {
  const { mode, mtimeNs, uid, gid, size } = lstatSync(systemPath(path), { bigint: true })
  return { path: 'data/live.db', kind: 'file', mode: Number(mode) & 0o7777, mtimeNs, uid: Number(uid), gid: Number(gid), size: Number(size), onDisk: path, data: [{ offset: 0, length: 1 }] }
}

async function contentOf(dump: Dump): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const bytes of dump.entry.open?.(new AbortController().signal) ?? []) parts.push(bytes)
  const copy = join(folder, `restored-${parts.length}.db`)
  writeFileSync(copy, Buffer.concat(parts))
  assert.equal(dump.entry.size, Buffer.concat(parts).length)
  return copy
}

async function copied(path = file, busyMs?: number): Promise<{ rows: unknown; warnings: string[]; dump: Dump }> {
  const run = recordingRun()
  await using dump = await sqliteDump(live(path), run, folder, busyMs)
  const restored = new DatabaseSync(await contentOf(dump))
  try {
    return { rows: restored.prepare(`SELECT count(*) AS n, total(a) AS s FROM "odd ""na'me"`).get(), warnings: run.events.flatMap((event) => (event.type === 'run.warning' ? [event.message] : [])), dump }
  } finally {
    restored.close()
  }
}

const facts500 = [{ name: 'empty', kind: 'table', rows: 0 }, { name: 'odd "na\'me', kind: 'table', rows: 500 }, { name: 'v', kind: 'view' }]

test('the entry stands for the live file, with content that needs no journal beside it', async () => {
  // What is in the log only, as long as the connection is open, is in the copy.
  const db = create(file, 'WAL')
  chmodSync(file, 0o640)
  utimesSync(file, 1_700_000_000, 1_700_000_000)
  assert.ok(lstatSync(`${file}-wal`).size > 0)
  const { rows, dump, warnings } = await copied()
  assert.deepEqual([{ ...rows as object }, warnings], [{ n: 500, s: 125_250 }, []])
  const { open: _open, size: _size, ...rest } = dump.entry
  const { onDisk: _onDisk, data: _data, size: _liveSize, ...wanted } = live()
  assert.deepEqual(rest, { ...wanted, mtimeNs: 1_700_000_000_000_000_000n })
  assert.deepEqual({ ...dump.facts(), version: '', sizeBytes: 0 }, { name: 'data/live.db', engine: 'sqlite', version: '', path: 'data/live.db', tables: facts500, sizeBytes: 0 })
  assert.match(dump.facts().version, /^3\./)
  db.close()
})

test('nothing is left beside the live database or in the scratch folder', async () => {
  create(file, 'WAL').close()
  const before = lstatSync(file, { bigint: true })
  await copied()
  await describeSqlite(file, new AbortController().signal)
  assert.deepEqual(lstatSync(file, { bigint: true }).mtimeNs, before.mtimeNs)
  assert.deepEqual(readdirSync(folder).filter((name) => !name.startsWith('restored')), ['live.db'])
})

for (const mode of ['WAL', 'DELETE'] as const) {
  test(`a copy beside an active writer holds one moment of the database (journal ${mode})`, async () => {
    create(file, mode).exec('CREATE TABLE pair (a, b); INSERT INTO pair VALUES (0, 0)')
    const writer = await writing(`setInterval(() => { try { db.exec('BEGIN IMMEDIATE; UPDATE pair SET a = a + 1; UPDATE pair SET b = b + 1; COMMIT') } catch { try { db.exec('ROLLBACK') } catch {} } }, 3)`)
    try {
      let last = 0
      for (let round = 0; round < 6; round += 1) {
        await using dump = await sqliteDump(live(), recordingRun(), folder)
        const restored = new DatabaseSync(await contentOf(dump))
        const { a, b } = restored.prepare('SELECT a, b FROM pair').get() as { a: number; b: number }
        restored.close()
        assert.equal(a, b)
        assert.ok(a >= last)
        last = a
      }
      assert.ok(last > 0, 'the writer wrote')
    } finally {
      await ended(writer)
    }
  })
}

test('a database that stays locked is told, one that is released in time is waited for', async () => {
  create(file, 'DELETE').close()
  const holder = await writing("db.exec('BEGIN EXCLUSIVE'); process.on('message', (wait) => setTimeout(() => { db.exec('COMMIT') }, wait))")
  try {
    await assert.rejects(copied(file, 200), { code: 'database.dump', message: /locked/, retry: true })
    holder.send(300)
    assert.deepEqual((await copied(file, 20_000)).warnings, [])
  } finally {
    await ended(holder)
  }
})

/** Another process that has opened the database as `db`. */
async function writing(script: string, database = file): Promise<ChildProcess> {
  const program = join(folder, 'writer.mjs')
  writeFileSync(program, `import { DatabaseSync } from 'node:sqlite'\nconst db = new DatabaseSync(${JSON.stringify(database)})\n${script}\nprocess.send('ready')\n`)
  const child = fork(program, { execArgv: ['--disable-warning=ExperimentalWarning'] })
  await new Promise((resolve) => { child.once('message', resolve) })
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  const exit = new Promise((resolve) => { child.once('exit', resolve) })
  child.kill('SIGKILL')
  await exit
}

test('the journal of a crashed writer is rolled back in the copy, and the live files stay untouched', async () => {
  create(file, 'DELETE').close()
  const crasher = await writing(`db.exec("PRAGMA cache_size=1; PRAGMA cache_spill=1; BEGIN; UPDATE \\"odd \\"\\"na'me\\" SET a = -a, b = b || hex(zeroblob(500))")`)
  await ended(crasher)
  assert.ok(lstatSync(`${file}-journal`).size > 0, 'a hot journal is there')
  const before = [readFileSync(file), readFileSync(`${file}-journal`)]
  const { rows, warnings } = await copied()
  assert.deepEqual([{ ...rows as object }, warnings], [{ n: 500, s: 125_250 }, []])
  assert.deepEqual([readFileSync(file), readFileSync(`${file}-journal`)], before)
})

test('damage is told: by a warning where a copy can be made, by an error where not', async () => {
  create(file, 'DELETE', 2000).close()
  const whole = readFileSync(file)
  for (let page = 1; page < whole.length / 4096; page += 3) {
    writeFileSync(file, Buffer.from(whole).fill(0xa5, page * 4096, (page + 1) * 4096))
    const run = recordingRun()
    await using dump = await sqliteDump(live(), run, folder)
    assert.equal(run.events.filter((event) => event.type === 'run.warning' && event.code === 'database.damaged').length, 1, `page ${page}`)
    assert.ok((dump.entry.size ?? 0) > 0)
    await assert.rejects(describeSqlite(file, run.signal), { code: 'database.client', message: /damaged/ })
  }
  for (const size of [4096, 8192, 100_000]) {
    create(join(folder, `cut-${size}.db`), 'DELETE', 20_000).close()
    truncateSync(join(folder, `cut-${size}.db`), size)
    const told = await copied(join(folder, `cut-${size}.db`)).then(({ warnings }) => warnings.length, () => 1)
    assert.equal(told, 1, `cut to ${size}`)
  }
  writeFileSync(file, 'SQLite format 3\0 and then nonsense')
  await assert.rejects(sqliteDump(live(), recordingRun(), folder), { code: 'database.dump' })
})

test('a cancelled copy leaves nothing behind', async () => {
  create(file, 'DELETE').close()
  const stop = new AbortController()
  stop.abort()
  await assert.rejects(sqliteDump(live(), recordingRun(stop.signal), folder), { code: 'interrupted' })
  const later = new AbortController()
  const copying = sqliteDump(live(), recordingRun(later.signal), folder)
  setTimeout(() => later.abort(), 5)
  await assert.rejects(copying, { code: 'interrupted' })
  assert.deepEqual(readdirSync(folder), ['live.db'])
})

test('a name that is no UTF-8 is no hindrance', async () => {
  const odd = decodeName(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9]), Buffer.from('.db')]))
  create(odd, 'WAL').close()
  assert.equal(isSqliteFile(odd), true)
  assert.deepEqual((await copied(odd)).warnings, [])
})

test('databases are known by their first bytes, and their companions by name', () => {
  create(file, 'WAL').close()
  writeFileSync(join(folder, 'short'), 'SQLite format')
  writeFileSync(join(folder, 'other'), 'SQLite format 2 is another thing')
  assert.deepEqual(['live.db', 'short', 'other', 'absent', '.'].map((name) => isSqliteFile(join(folder, name))), [true, false, false, false, false])
  assert.deepEqual(sqliteCompanions('a/b.db'), ['a/b.db-wal', 'a/b.db-shm', 'a/b.db-journal'])
  assert.equal(existsSync(`${file}-wal`), false)
})

test('a database that is open under another name, where its log lies, is told; once it is closed there nothing is', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'hf-sqlite-other-'))
  try {
    create(file, 'WAL').close()
    linkSync(file, join(elsewhere, 'linked.db'))
    const writer = await writing(`db.exec("INSERT INTO \\"odd \\"\\"na'me\\" VALUES (1000, 'in the log alone')"); setInterval(() => {}, 1000)`, join(elsewhere, 'linked.db'))
    assert.ok(existsSync(join(elsewhere, 'linked.db-wal')))
    const { warnings } = await copied()
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', new RegExp(`^Process ${writer.pid} has this SQLite database open under another name .*: what it wrote last is not in the copy`))
    await ended(writer)
    assert.deepEqual((await copied()).warnings, [])
    using here = create(join(folder, 'usual.db'), 'WAL')
    assert.ok(here.isOpen)
    assert.deepEqual((await copied(join(folder, 'usual.db'))).warnings, [])
  } finally {
    rmSync(elsewhere, { recursive: true })
  }
})
