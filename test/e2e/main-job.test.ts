import assert from 'node:assert/strict'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { makeSampleTree } from '../disk/sample-tree.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { checksumTables, createSampleDatabase } from '../fixtures/sample-database.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'
import { databaseFileSum, LiveWriter, openSampleDatabaseFile } from './sample-database-file.ts'

const formats = [
  { name: 'zip', args: ['--format', 'zip'] },
  { name: 'zip with a password', args: ['--format', 'zip'], password: 'correct horse " battery \\ 🐴' },
  { name: 'tar.gz', args: ['--format', 'tar.gz'] },
  { name: 'tar.zst', args: ['--format', 'tar.zst'] },
  { name: 'folder', args: ['--format', 'folder'] },
] as const

suite('an application with MariaDB and SQLite', () => {
  let machine: Machine
  let server: MariadbServer
  let database: DatabaseSync

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    await Promise.all([createSampleDatabase(server, 'erp'), createSampleDatabase(server, 'odd näme', 20)])
    await machine.configure({
      apps: {
        demo: {
          root: machine.app,
          databases: [
            { type: 'mariadb', name: 'erp', socket: server.socket, user: 'root' },
            { type: 'mariadb', name: 'odd näme', host: '127.0.0.1', port: server.port, user: 'root' },
          ],
        },
      },
    })
    makeSampleTree(machine.app)
    await mkdir(join(machine.app, 'data'))
    database = openSampleDatabaseFile(join(machine.app, 'data/shop.sqlite'))
  })

  after(async () => {
    if (database.isOpen) database.close()
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  for (const { name, args, ...rest } of formats) {
    test(`is destroyed and comes back whole from ${name}`, async () => {
      const env = 'password' in rest ? { HOLDFAST_PASSWORD: rest.password } : {}
      const place = join(machine.folder, name)
      await mkdir(place)
      const treeOptions = { databases: ['data/shop.sqlite', 'live/live.sqlite'], moving: ['data', 'live'] }
      await rm(join(machine.app, 'live'), { recursive: true, force: true })
      await mkdir(join(machine.app, 'live'))
      let tree: Map<string, unknown>
      {
        using writer = new LiveWriter(join(machine.app, 'live/live.sqlite'))
        tree = await describeTree(machine.app, treeOptions)
        const earlier = writer.transactions
        const { stdout } = await machine.holdfast(['backup', 'demo', '--to', place, ...args, '--json'], { env })
        assert.deepEqual(JSON.parse(stdout).warnings, [])
        assert.ok(writer.transactions > earlier + 20, 'the writer wrote while the backup ran')
      }
      const sums = await Promise.all([checksumTables(server, 'erp'), checksumTables(server, 'odd näme'), databaseFileSum(join(machine.app, 'data/shop.sqlite'))])
      assert.ok(Object.keys(sums[0]).length > 10)

      database.close()
      await server.sql('DROP DATABASE erp; USE `odd näme`; SET foreign_key_checks = 0; TRUNCATE invoice; DROP VIEW a_view_on_view; CREATE TABLE not_ours (id int)')
      for (const folder of [machine.app, machine.state]) await rm(folder, { recursive: true })

      await machine.holdfast(['restore', 'latest', '--from', place, '--no-ask'], { env })
      assert.deepEqual(await describeTree(machine.app, treeOptions), tree)
      assert.deepEqual(await Promise.all([checksumTables(server, 'erp'), checksumTables(server, 'odd näme'), databaseFileSum(join(machine.app, 'data/shop.sqlite'))]), sums)
      const { stdout } = await program('sqlite3', 'sqlite3', [join(machine.app, 'live/live.sqlite'), 'PRAGMA integrity_check; SELECT count(*), sum(cents), count(DISTINCT cents) > 1 FROM account'])
      assert.equal(stdout, 'ok\n200|0|1\n', 'a database that was written to all the time is one consistent moment of it')
      database = new DatabaseSync(join(machine.app, 'data/shop.sqlite'))
    })
  }
})
