import assert from 'node:assert/strict'
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import type { MariadbServer } from '../fixtures/mariadb-server.ts'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { createSampleDatabase } from '../fixtures/sample-database.ts'
import { databaseSum } from './database-sum.ts'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

suite('a restore point of an application with files and a database', () => {
  let machine: Machine
  let server: MariadbServer
  let tree: Map<string, unknown>
  let sums: string
  let sumsWithoutDefiners: string

  before(async () => {
    [machine, server] = await Promise.all([newMachine(), startMariadb()])
    await createSampleDatabase(server, 'erp', 30)
    await mkdir(join(machine.app, 'files/deep'), { recursive: true })
    await writeFile(join(machine.app, 'files/deep/scan'), 'a scan')
    await writeFile(join(machine.app, 'files/other'), 'other')
    await writeFile(join(machine.app, 'config.php'), 'saved')
    await machine.configure(config(machine, server))
    await machine.backup(['demo'])
    tree = await describeTree(machine.app)
    sums = await databaseSum(server, 'erp')
    sumsWithoutDefiners = await databaseSum(server, 'erp', { withoutDefiners: true })
  })

  // Each test begins with a live application that has gone on since.
  beforeEach(async () => {
    await rm(machine.app, { recursive: true })
    await rm(join(machine.folder, '.demo.holdfast'), { recursive: true, force: true })
    await mkdir(join(machine.app, 'files'), { recursive: true })
    await writeFile(join(machine.app, 'files/other'), 'newer')
    await writeFile(join(machine.app, 'files/added'), 'added')
    await server.sql('DELETE FROM audit; UPDATE customer SET credit = 7; CREATE TABLE IF NOT EXISTS of_later (id int)', 'erp')
  })

  after(async () => {
    await server[Symbol.asyncDispose]()
    await machine[Symbol.asyncDispose]()
  })

  test('goes into a new folder, where its dump is a file and no live database is touched', async () => {
    const live = await databaseSum(server, 'erp')
    const target = join(machine.folder, 'new')
    const { stderr } = await machine.holdfast(['restore', 'latest', '--target', target])
    assert.match(stderr, /note: database\.sql: the dump of erp is restored as a file/)
    assert.match(await readFile(join(target, 'database.sql'), 'utf8'), /^-- Dump completed/m)
    await rm(join(target, 'database.sql'))
    assert.deepEqual(await describeTree(target, { moving: ['.'] }), new Map([...tree].map(([path, facts]) => [path, path === '.' ? withoutTime(facts) : facts])))
    assert.deepEqual(await databaseSum(server, 'erp'), live)
    await rm(target, { recursive: true })
  })

  test('goes into a folder that exists: its content becomes the point\'s, and what that folder excludes stays', async () => {
    const target = join(machine.folder, 'second')
    await mkdir(join(target, 'cache'), { recursive: true })
    await writeFile(join(target, 'cache/kept'), 'kept')
    await writeFile(join(target, 'secret.env'), 'kept')
    await writeFile(join(target, 'gone'), 'gone')
    await machine.configure(config(machine, server, { second: { root: target, exclude: ['/cache/', '/secret.env'] } }))
    await machine.holdfast(['restore', 'latest', '--app', 'demo', '--target', target, '--only', 'files', '--no-ask'])
    const found = await describeTree(target)
    assert.deepEqual([...found.keys()].filter((path) => !tree.has(path)), ['cache', 'cache/kept', 'secret.env'])
    for (const path of tree.keys()) assert.deepEqual(found.get(path), tree.get(path), path)
    await machine.configure(config(machine, server))
  })

  test('goes into a new folder whose parents are not there either', async () => {
    const target = join(machine.folder, 'gone/deeper/target')
    await machine.holdfast(['restore', 'latest', '--target', target, '--only', 'files'])
    assert.equal(await readFile(join(target, 'config.php'), 'utf8'), 'saved')
    await rm(join(machine.folder, 'gone'), { recursive: true })
  })

  test('gives back chosen paths alone', async () => {
    const earlier = await databaseSum(server, 'erp')
    await machine.holdfast(['restore', 'latest', '--path', 'files/deep', '--no-ask'])
    assert.equal(await readFile(join(machine.app, 'files/deep/scan'), 'utf8'), 'a scan')
    assert.equal(await readFile(join(machine.app, 'files/other'), 'utf8'), 'newer')
    assert.deepEqual((await readdir(machine.app)), ['files'])
    assert.deepEqual(await databaseSum(server, 'erp'), earlier)
  })

  test('refuses a path that the point does not hold, and changes nothing', async () => {
    const earlier = await describeTree(machine.app)
    const { stderr } = await machine.holdfast(['restore', 'latest', '--path', 'files/sacn', '--no-ask'], { status: 1 })
    assert.match(stderr, /files\/sacn/)
    assert.deepEqual(await describeTree(machine.app), earlier)
  })

  test('gives back the files only, or the databases only', async () => {
    const earlier = await databaseSum(server, 'erp')
    await machine.holdfast(['restore', 'latest', '--only', 'files', '--no-ask'])
    assert.deepEqual(await describeTree(machine.app), tree)
    assert.deepEqual(await databaseSum(server, 'erp'), earlier)
    await writeFile(join(machine.app, 'config.php'), 'changed')
    const changed = await describeTree(machine.app)
    await machine.holdfast(['restore', 'latest', '--only', 'databases', '--no-ask'])
    assert.deepEqual(await describeTree(machine.app), changed)
    assert.deepEqual(await databaseSum(server, 'erp'), sums)
  })

  test('gives its files another owner', async () => {
    const target = join(machine.folder, 'owned')
    await machine.holdfast(['restore', 'latest', '--target', target, '--owner', '1234:4321'])
    for (const [path, facts] of await describeTree(target)) assert.partialDeepStrictEqual(facts, { uid: 1234, gid: 4321 }, path)
    await rm(target, { recursive: true })
  })

  test('is imported under another name by a user that may not create databases', async () => {
    await server.sql("CREATE DATABASE shop_copy; CREATE USER shop@localhost IDENTIFIED BY 'canary-shop'; GRANT ALL ON shop_copy.* TO shop@localhost")
    const passwordFile = join(machine.folder, 'password')
    await writeFile(passwordFile, 'canary-shop\n')
    await chmod(passwordFile, 0o600)
    const live = await databaseSum(server, 'erp')
    const target = join(machine.folder, 'copy')
    const { stdout, stderr } = await machine.holdfast(['restore', 'latest', '--target', target, '--db-name', 'erp=shop_copy', '--db-socket', server.socket, '--db-user', 'shop', '--db-password-file', passwordFile, '--no-ask'])
    assert.deepEqual(await databaseSum(server, 'shop_copy', { withoutDefiners: true }), sumsWithoutDefiners)
    assert.match(stderr, /which shop@localhost cannot set; they are now defined by shop@localhost/)
    assert.doesNotMatch(stdout + stderr, /canary/)
    assert.deepEqual(await describeTree(target), tree)
    assert.deepEqual(await databaseSum(server, 'erp'), live)
    await rm(target, { recursive: true })
  })

  test('that cannot be imported leaves files and database as they were, and says so', async () => {
    await server.sql("CREATE USER poor@localhost; GRANT SELECT, INSERT, UPDATE, DELETE, DROP, CREATE, REFERENCES, INDEX, ALTER, LOCK TABLES ON erp.* TO poor@localhost")
    const earlier = { tree: await describeTree(machine.app), sums: await databaseSum(server, 'erp') }
    const { stderr } = await machine.holdfast(['restore', 'latest', '--db-user', 'poor', '--db-socket', server.socket, '--no-ask'], { status: 1 })
    assert.match(stderr, /\[(restore\.rolled-back|restore\.failed|database\.)/, stderr)
    assert.deepEqual(await describeTree(machine.app), earlier.tree)
    assert.deepEqual(await databaseSum(server, 'erp'), earlier.sums)
    await rm(join(machine.folder, '.demo.holdfast'), { recursive: true, force: true })
  })

  test('whose import stops halfway is rolled back: files and every table as before, and said in one sentence', async () => {
    // Tables without a primary key are refused from now on: only the dump has one, after others were imported.
    await server.sql('DROP TABLE by_year, of_later; SET GLOBAL innodb_force_primary_key = 1', 'erp')
    try {
      const earlier = { tree: await describeTree(machine.app), sums: await databaseSum(server, 'erp') }
      const { stderr } = await machine.holdfast(['restore', 'latest', '--no-ask'], { status: 1 })
      assert.match(stderr, /error: The restore failed and everything was brought back to what it was: .*requires a primary key.* \[restore\.rolled-back\]/)
      assert.deepEqual(await describeTree(machine.app), earlier.tree)
      assert.deepEqual(await databaseSum(server, 'erp'), earlier.sums)
    } finally {
      await server.sql('SET GLOBAL innodb_force_primary_key = 0')
    }
  })

  test('that can neither be imported nor rolled back is never saved, and comes back once the cause is removed', async () => {
    await machine.holdfast(['restore', 'latest', '--only', 'databases', '--no-ask'])
    await server.sql('UPDATE customer SET credit = 9', 'erp')
    const earlier = { tree: await describeTree(machine.app), sums: await databaseSum(server, 'erp') }
    await server.sql('SET GLOBAL innodb_force_primary_key = 1')
    try {
      const { stderr } = await machine.holdfast(['restore', 'latest', '--no-ask'], { status: 1 })
      assert.match(stderr, /The former state could not be brought back completely \(database erp: .*\[restore\.failed\]\nwhat to do: Everything needed is kept in .*--rollback/)
      assert.match((await machine.holdfast(['backup', 'demo'], { status: 1 })).stderr, /\[state\.unfinished-restore\]/)
    } finally {
      await server.sql('SET GLOBAL innodb_force_primary_key = 0')
    }
    await machine.holdfast(['restore', 'demo', '--rollback', '--no-ask'])
    assert.deepEqual(await describeTree(machine.app), earlier.tree)
    assert.deepEqual(await databaseSum(server, 'erp'), earlier.sums)
  })

  test('is undone: files and database are again what they were', async () => {
    const earlier = { tree: await describeTree(machine.app), sums: await databaseSum(server, 'erp') }
    await machine.holdfast(['restore', 'latest', '--no-ask'])
    assert.deepEqual(await describeTree(machine.app), tree)
    assert.deepEqual(await databaseSum(server, 'erp'), sums)
    await machine.holdfast(['restore', 'demo', '--undo', '--no-ask'])
    assert.deepEqual(await describeTree(machine.app), earlier.tree)
    assert.deepEqual(await databaseSum(server, 'erp'), earlier.sums)
  })
})

function config(machine: Machine, server: MariadbServer, more: Record<string, unknown> = {}): unknown {
  return { apps: { demo: { root: machine.app, databases: [{ type: 'mariadb', name: 'erp', socket: server.socket, user: 'root' }] }, ...more }, place: machine.place }
}

function withoutTime(facts: unknown): unknown {
  return typeof facts === 'object' ? Object.fromEntries(Object.entries(facts ?? {}).filter(([key]) => key !== 'mtimeNs')) : facts
}
