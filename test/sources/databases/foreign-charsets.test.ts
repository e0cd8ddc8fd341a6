import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { openMariadb } from '../../../src/sources/databases/mariadb-database.ts'
import { importDump } from '../../../src/sources/databases/mariadb-import.ts'
import type { OpenMariadbOptions } from '../../../src/sources/databases/mariadb-options.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'
import { checksumTables } from '../../fixtures/sample-database.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../../fixtures/mariadb-server.ts'

let server: MariadbServer

before(async () => {
  server = await startMariadb()
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

function options(name: string): OpenMariadbOptions {
  return { type: 'mariadb', name, socket: server.socket, user: 'root' }
}

/** A dump as the vendor's program writes it for somebody else, in that character set. */
async function dumped(database: string, charset: string, ...more: readonly string[]): Promise<Buffer> {
  const { stdout } = await promisify(execFile)('mariadb-dump', ['--no-defaults', '--user=root', `--socket=${server.socket}`, `--default-character-set=${charset}`, '--routines', ...more, database], { encoding: 'buffer', maxBuffer: 1 << 26 })
  return stdout
}

async function* content(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777)
}

for (const charset of ['latin1', 'utf8mb3']) {
  test(`a foreign dump in ${charset} comes in with every row, name and routine as it was`, async () => {
    const [from, to] = [`from_${charset}`, `to_${charset}`]
    await server.sql(`CREATE DATABASE ${from} CHARACTER SET utf8mb4`)
    await server.sql(`CREATE TABLE città (id int PRIMARY KEY, \`perché\` varchar(100) CHARACTER SET utf8mb4, old varchar(100) CHARACTER SET latin1 DEFAULT 'é', raw varbinary(20)) ENGINE=InnoDB COMMENT='così';
      INSERT INTO città VALUES (1, 'àèìòù ß € ''\\\\ ÿ', 'ñ ÿ \\\\', 0xC3285C27), (2, '), (', '"', 0x5C), (3, NULL, DEFAULT, 0xE85C);
      CREATE VIEW half AS SELECT \`perché\` AS \`più\` FROM città WHERE old <> 'ü'; CREATE PROCEDURE greet() SELECT 'é', "'\\\\"`, from)
    // The dump program itself changes what a routine says of the character set that it was typed in.
    const sums = async (database: string): Promise<unknown> => ({ ...await checksumTables(server, database), 'procedure greet': await server.sql('CALL greet()', database) })
    const run = recordingRun()
    const { tables } = await importDump(options(to), content(await dumped(from, charset, '--hex-blob')), run)
    assert.deepEqual(await sums(to), await sums(from))
    assert.deepEqual(tables, [{ name: 'città', kind: 'table', rows: 3 }, { name: 'half', kind: 'view' }])
    assert.deepEqual(await openMariadb(options(to)).describe(run), tables)
    assert.deepEqual(run.events, [])
  })
}

test('the database before a name is taken away and the name stays as it is, in another character set too', async () => {
  const dump = Buffer.concat([Buffer.from('SET NAMES latin1;\nUSE `there`;\nCREATE TABLE `there`.`citt'), Buffer.from([0xe0]), Buffer.from('` (a int);\nINSERT INTO there.citt'), Buffer.from([0xe0]), Buffer.from(' VALUES (1);\nCREATE TABLE there.order (a int);\n')])
  const { tables } = await importDump(options('here'), content(dump), recordingRun())
  assert.deepEqual(tables, [{ name: 'città', kind: 'table', rows: 1 }, { name: 'order', kind: 'table', rows: 0 }])
})

test('a dump that could not be imported again is told of when it is made', async () => {
  await server.sql('CREATE DATABASE asian; CREATE TABLE asian.t (a int); SET NAMES gbk; CREATE TRIGGER asian.x BEFORE INSERT ON asian.t FOR EACH ROW SET NEW.a = 1')
  const run = recordingRun()
  await using dump = await openMariadb(options('asian')).dump(run, { path: 'database.sql', scratch: '/tmp' })
  for await (const bytes of dump.entry.open?.(run.signal) ?? []) void bytes
  assert.deepEqual(run.events.map((event) => ('code' in event ? [event.type, event.code] : event.type)), [['run.warning', 'database.charset']])
})

for (const charset of ['gbk', 'sjis', 'big5', 'cp932', 'gb18030']) {
  test(`a foreign dump in ${charset} is refused, and the sentence says why and what to do`, async () => {
    for (const statement of [`/*!40101 SET NAMES ${charset} */;`, `SET character_set_client = ${charset};`, `SET NAMES '${charset}';`]) {
      await assert.rejects(importDump(options('refused'), content(Buffer.from(`CREATE TABLE t (a text);\n${statement}\nINSERT INTO t VALUES ('a');\n`)), recordingRun()), {
        code: 'database.import', message: new RegExp(`^Line 2 of the dump chooses the character set ${charset}, .*cannot be told safely`), hint: new RegExp(`--default-character-set=utf8mb4.*--default-character-set=${charset} NAME`),
      })
    }
  })
}
