import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { after, before, test } from 'node:test'
import type { DatabaseFacts } from '../../../src/model/restore-point.ts'
import { isEmpty } from '../../../src/sources/databases/mariadb-content.ts'
import { openMariadb } from '../../../src/sources/databases/mariadb-database.ts'
import type { OpenMariadbOptions } from '../../../src/sources/databases/mariadb-options.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'
import { checksumTables } from '../../fixtures/sample-database.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../../fixtures/mariadb-server.ts'

const names = [
  "o'brien", 'say "hi"', 'we`ird', '50%off', 'caffè 日本', 'my-app', '--all-databases', 'back\\slash', 'dot.ted', 'a\tb', "q'`\"\\ %_;",
] as const

let server: MariadbServer

before(async () => {
  server = await startMariadb()
  await server.sql('CREATE USER tenant@localhost; GRANT SELECT ON mysql.proc TO tenant@localhost')
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

function options(name: string, user = 'root'): OpenMariadbOptions {
  return { type: 'mariadb', name, socket: server.socket, user }
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

async function taken(opened: OpenMariadbOptions): Promise<{ bytes: Buffer; facts: DatabaseFacts }> {
  const run = recordingRun()
  await using dump = await openMariadb(opened).dump(run, { path: 'database.sql', scratch: tmpdir() })
  const parts: Uint8Array[] = []
  for await (const bytes of dump.entry.open?.(run.signal) ?? []) parts.push(bytes)
  assert.deepEqual(run.events, [])
  return { bytes: Buffer.concat(parts), facts: dump.facts() }
}

async function restored(opened: OpenMariadbOptions, bytes: Buffer, facts: DatabaseFacts): Promise<void> {
  const run = recordingRun()
  await openMariadb(opened).restore((async function* () { yield bytes })(), run, facts)
  assert.deepEqual(run.events.filter((event) => !('code' in event && event.code === 'database.definer')), [])
}

for (const name of names) {
  test(`a database named ${JSON.stringify(name)} comes back with all that is in it, under another name too, for its own user`, async () => {
    const other = `to ${name}`
    await server.sql(`CREATE DATABASE ${quoted(name)} COLLATE utf8mb4_unicode_ci`)
    await server.sql(`CREATE TABLE ${quoted(name)} (${quoted(name)} int) ENGINE=InnoDB; CREATE TABLE other (a varchar(9)) ENGINE=InnoDB;
      CREATE TRIGGER ${quoted(name)} AFTER INSERT ON ${quoted(name)} FOR EACH ROW INSERT INTO other VALUES ('x;');
      INSERT INTO ${quoted(name)} VALUES (1), (2);
      CREATE VIEW ${quoted(`${name} v`)} AS SELECT a FROM ${quoted(name)}.other; CREATE SEQUENCE ${quoted(`${name} s`)};
      CREATE PROCEDURE of_former_collation(a text) SELECT a; ALTER DATABASE ${quoted(name)} COLLATE latin1_swedish_ci;
      CREATE PROCEDURE ${quoted(name)}() SELECT 'é', "'"; CREATE FUNCTION ${quoted(name)}(a int) RETURNS int RETURN a;
      SET sql_mode = 'ANSI_QUOTES', time_zone = '+03:00'; CREATE EVENT ${quoted(name)} ON SCHEDULE EVERY 1 DAY STARTS '2031-01-01 00:00:00' DISABLE DO SELECT 'a' AS "b;"`, name)
    for (const database of [name, other]) await server.sql(`GRANT ALL ON ${quoted(database.replaceAll('\\', '\\\\').replaceAll(/[%_]/g, '\\$&'))}.* TO tenant@localhost`)
    const sums = await checksumTables(server, name)
    assert.equal(Object.keys(sums).filter((object) => /^(?:event|procedure|function) /.test(object)).length, 4)

    const { bytes, facts } = await taken(options(name))
    assert.equal(facts.name, name)
    assert.equal(facts.tables.find((table) => table.name === name)?.rows, 2)
    await restored(options(other), bytes, facts)
    assert.deepEqual(await checksumTables(server, other), sums)
    assert.deepEqual(await openMariadb(options(other)).describe(recordingRun()), await openMariadb(options(name)).describe(recordingRun()))

    const own = await taken(options(name, 'tenant'))
    await server.sql(`DROP TABLE ${quoted(name)}; CREATE TABLE later (a int)`, name)
    await restored(options(name, 'tenant'), own.bytes, own.facts)
    assert.deepEqual(await checksumTables(server, name, { withoutDefiners: true }), await checksumTables(server, other, { withoutDefiners: true }))
  })
}

test('an event with `;;`, over which dump programs loop for ever, is dumped all the same', { timeout: 60_000 }, async () => {
  await server.sql("CREATE DATABASE loops; CREATE TABLE loops.t (a int) ENGINE=InnoDB; CREATE PROCEDURE loops.p() SELECT 1; CREATE EVENT loops.e ON SCHEDULE EVERY 1 DAY DISABLE COMMENT 'c;;' DO SELECT ';;', ';;;' /* ;; */")
  const { bytes, facts } = await taken(options('loops'))
  await restored(options('unlooped'), bytes, facts)
  assert.deepEqual(await checksumTables(server, 'unlooped'), await checksumTables(server, 'loops'))
})

test('databases and tables whose names differ by case or accent alone are kept apart', async () => {
  await server.sql(`CREATE DATABASE Case; CREATE DATABASE case; CREATE TABLE case.T (a int); CREATE TABLE case.t (a int); INSERT INTO case.T VALUES (1); INSERT INTO case.t VALUES (1), (2);
    CREATE EVENT case.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1; CREATE PROCEDURE case.p() SELECT 1`.replaceAll(/\bcase\b/gi, (word) => quoted(word)))
  assert.equal(await isEmpty(options('Case'), new AbortController().signal), true)
  assert.deepEqual((await taken(options('Case'))).facts.tables, [])
  const { bytes, facts } = await taken(options('case'))
  assert.deepEqual(facts.tables.map(({ name, rows }) => [name, rows]), [['T', 1], ['t', 2]])
  await restored(options('CASE'), bytes, facts)
  assert.deepEqual(await checksumTables(server, 'CASE'), await checksumTables(server, 'case'))
  assert.deepEqual(await checksumTables(server, 'Case'), {})
})
