import assert from 'node:assert/strict'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import type { Generated } from 'kysely'
import { Kysely, sql } from 'kysely'
import type { Migration } from '../../src/catalog/migrate.ts'
import { migrate } from '../../src/catalog/migrate.ts'
import { sqliteDialect } from '../../src/catalog/sqlite-dialect.ts'
import { temporaryFolder } from './temporary-folder.ts'

type Tables = { people: { id: Generated<number>; name: string; active: number | boolean; note?: string | null } }

const people: Migration = async ({ schema }) => {
  await schema.createTable('people').addColumn('id', 'integer', (column) => column.primaryKey()).addColumn('name', 'text', (column) => column.notNull().unique()).addColumn('active', 'integer').addColumn('note', 'text').execute()
}

function open(file: string): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: sqliteDialect(file) })
}

test('rows come back as they were written, booleans as numbers, what is undefined as null', async (t) => {
  await using db = open(join(temporaryFolder(t), 'a.sqlite'))
  await migrate(db, [people], 'The list')
  const { insertId } = await db.insertInto('people').values({ name: 'Zoë', active: true }).executeTakeFirstOrThrow()
  assert.equal(insertId, 1n)
  assert.deepEqual({ ...await db.selectFrom('people').selectAll().executeTakeFirst() }, { id: 1, name: 'Zoë', active: 1, note: null })
  const { numUpdatedRows } = await db.updateTable('people').set({ active: false }).executeTakeFirstOrThrow()
  assert.equal(numUpdatedRows, 1n)
  assert.equal((await db.insertInto('people').values({ name: 'B', active: 0 }).returning('id').executeTakeFirstOrThrow()).id, 2)
})

test('the file is in WAL mode, private, and commits outlive a power cut unless it is asked for less', async (t) => {
  const file = join(temporaryFolder(t), 'a.sqlite')
  await using db = open(file)
  await migrate(db, [people], 'The list')
  const pragma = async (name: string): Promise<unknown> => Object.values((await sql`pragma ${sql.raw(name)}`.execute(db)).rows[0] as object)[0]
  assert.equal(await pragma('journal_mode'), 'wal')
  assert.equal(await pragma('synchronous'), 2)
  assert.equal(await pragma('foreign_keys'), 1)
  for (const name of [file, `${file}-wal`, `${file}-shm`]) assert.equal(statSync(name).mode & 0o777, 0o600, name)
  await using lax = new Kysely<Tables>({ dialect: sqliteDialect(file, { synchronous: 'normal' }) })
  assert.equal((await sql<{ synchronous: number }>`pragma synchronous`.execute(lax)).rows[0]?.synchronous, 1)
})

test('a transaction that throws leaves nothing behind', async (t) => {
  await using db = open(join(temporaryFolder(t), 'a.sqlite'))
  await migrate(db, [people], 'The list')
  await assert.rejects(db.transaction().execute(async (transaction) => {
    await transaction.insertInto('people').values({ name: 'A', active: 1 }).execute()
    await transaction.insertInto('people').values({ name: 'A', active: 1 }).execute()
  }), /UNIQUE/)
  assert.equal((await db.selectFrom('people').selectAll().execute()).length, 0)
})

test('a step that fails is not counted, and is done by the next start', async (t) => {
  const file = join(temporaryFolder(t), 'a.sqlite')
  const half: Migration = async (database) => {
    await sql`alter table people add column size integer`.execute(database)
    throw new Error('no')
  }
  await using db = open(file)
  await assert.rejects(migrate(db, [people, half], 'The list'), /no/)
  await migrate(db, [people, async (database) => { await sql`alter table people add column size integer`.execute(database) }], 'The list')
  assert.equal((await sql<{ version: number }>`select max(version) as version from schema_version`.execute(db)).rows[0]?.version, 2)
})

test('of many that begin at the same time one does each step', async (t) => {
  const file = join(temporaryFolder(t), 'a.sqlite')
  const workers = Array.from({ length: 4 }, () => new Worker(new URL('migrating.ts', import.meta.url), { workerData: file }))
  const steps = await Promise.all(workers.map(async (worker) => Number((await once(worker, 'message'))[0])))
  assert.equal(steps.reduce((sum, count) => sum + count, 0), 2, steps.join(' '))
})

test('what a later version has written is refused and left alone', async (t) => {
  const file = join(temporaryFolder(t), 'a.sqlite')
  await using db = open(file)
  await migrate(db, [people, async () => undefined], 'The list')
  await using again = open(file)
  await assert.rejects(migrate(again, [people], 'The list'), { code: 'state.newer', message: /The list was written by a later version of Holdfast .*version 2.*knows 1/ })
})

test('a file that is no database is told as damaged, a folder that is not there as denied', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'a.sqlite')
  writeFileSync(file, 'this is no database, whatever its name says. '.repeat(50))
  await using db = open(file)
  await assert.rejects(migrate(db, [people], 'The list'), { code: 'state.damaged' })
  await using nowhere = open(join(folder, 'none/a.sqlite'))
  await assert.rejects(migrate(nowhere, [people], 'The list'), { code: 'state.denied' })
})

test('a writer waits for another one instead of failing', async (t) => {
  const file = join(temporaryFolder(t), 'a.sqlite')
  await using db = open(file)
  await migrate(db, [people], 'The list')
  const worker = new Worker(`
    const { DatabaseSync } = require('node:sqlite')
    const { parentPort, workerData } = require('node:worker_threads')
    const db = new DatabaseSync(workerData)
    db.exec('begin immediate'); db.exec("insert into people (name, active) values ('other', 1)")
    parentPort.postMessage('held'); setTimeout(() => { db.exec('commit'); db.close() }, 200)`, { eval: true, workerData: file })
  await new Promise((resolve) => { worker.once('message', resolve) })
  await db.insertInto('people').values({ name: 'A', active: 1 }).execute()
  assert.equal((await db.selectFrom('people').selectAll().execute()).length, 2)
})

test('nothing but plain values is stored', async (t) => {
  await using db = open(join(temporaryFolder(t), 'a.sqlite'))
  await assert.rejects(sql`select ${new Date()}`.execute(db), { code: 'internal' })
})

test('a transaction that has no room left is told as such', async (t) => {
  await using db = open(join(temporaryFolder(t), 'a.sqlite'))
  await migrate(db, [people], 'The list')
  await sql`pragma max_page_count = 20`.execute(db)
  await assert.rejects(db.transaction().execute(async (transaction) => {
    for (let count = 0; ; count++) await transaction.insertInto('people').values({ name: 'x'.repeat(4000) + count, active: 1 }).execute()
  }), { code: 'storage.full' })
  assert.equal((await db.selectFrom('people').selectAll().execute()).length, 0)
})
