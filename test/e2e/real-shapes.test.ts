import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { makeBulkFiles } from '../fixtures/bulk-files.ts'
import { makeIotstack } from '../fixtures/iotstack-app.ts'
import { createJeedomDatabase, makeJeedom } from '../fixtures/jeedom-app.ts'
import { createManyTables } from '../fixtures/many-tables.ts'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createOpenstamanagerDatabase, makeOpenstamanager } from '../fixtures/openstamanager-app.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const plain = { withoutDefiners: true }

suite('an application of the real size of', () => {
  let server: MariadbServer

  before(async () => {
    server = await startMariadb()
  })
  after(async () => server[Symbol.asyncDispose]())

  /** Backs it up with no configuration, destroys folders and tables of it, restores it and compares all. */
  async function destroyedAndBack(machine: Machine, folders: readonly string[], database: string | undefined, moving: readonly string[]): Promise<void> {
    const call = { config: false, cwd: machine.app } as const
    await machine.holdfast(['backup', '.'], call)
    const tree = await describeTree(machine.app, { moving: ['.', ...moving] })
    const sum = database === undefined ? '' : await databaseSum(server, database, plain)
    for (const folder of folders) await rm(join(machine.app, folder), { recursive: true })
    if (database !== undefined) await server.sql(`DROP DATABASE ${database}; CREATE DATABASE ${database}`)
    await machine.holdfast(['restore', 'latest', '--no-ask'], call)
    const now = await describeTree(machine.app, { moving: ['.', ...moving] })
    for (const path of moving) for (const found of [tree, now]) for (const key of found.keys()) if (key.startsWith(path)) found.delete(key)
    assert.deepEqual(now, tree)
    if (database !== undefined) assert.equal(await databaseSum(server, database, plain), sum)
  }

  test('OpenSTAManager (1,755 files, 26 MB, 240 tables) is destroyed and comes back', async () => {
    await using machine = await newMachine()
    const options = { database: 'osm', user: 'osm', password: 'p' }
    makeOpenstamanager(machine.app, server, { ...options, files: 200 })
    makeBulkFiles(join(machine.app, 'vendor'), 1500, 26e6)
    await createOpenstamanagerDatabase(server, options)
    await createManyTables(server, 'osm', 228, 20)
    await server.sql('UPDATE zz_users SET session_token = NULL', 'osm')
    await destroyedAndBack(machine, ['vendor', 'modules', 'files'], 'osm', ['backup'])
  })

  test('Jeedom (3,575 files, 103 MB, 31 tables) is destroyed and comes back', async () => {
    await using machine = await newMachine()
    const options = { database: 'jeedom', user: 'jeedom', password: 'p' }
    makeJeedom(machine.app, server, options)
    makeBulkFiles(join(machine.app, 'core/template'), 3500, 103e6)
    await createJeedomDatabase(server, options)
    await createManyTables(server, 'jeedom', 19, 200)
    await destroyedAndBack(machine, ['core/template', 'plugins/alarm', 'data/img'], 'jeedom', ['log', 'backup'])
  })

  test('IOTstack (319 files, 17 MB, and its volumes) is destroyed and comes back', async () => {
    await using machine = await newMachine()
    await makeIotstack(machine.app)
    makeBulkFiles(join(machine.app, 'services'), 300, 17e6)
    makeBulkFiles(join(machine.app, 'volumes'), 400, 30e6, 2)
    await destroyedAndBack(machine, ['services', 'volumes'], undefined, ['backups'])
  })
})
