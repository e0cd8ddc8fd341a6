// Run as a worker: brings a database's tables to version 2, and tells how many steps were its own.
import { parentPort, workerData } from 'node:worker_threads'
import { Kysely, sql } from 'kysely'
import { migrate } from '../../src/catalog/migrate.ts'
import { sqliteDialect } from '../../src/catalog/sqlite-dialect.ts'

await using db = new Kysely<unknown>({ dialect: sqliteDialect(String(workerData)) })
let steps = 0
await migrate(db, [
  async (database) => {
    await sql`create table people (name text)`.execute(database)
    steps += 1
  },
  async (database) => {
    await sql`alter table people add column size integer`.execute(database)
    steps += 1
  },
], 'The list')
parentPort?.postMessage(steps, [])
