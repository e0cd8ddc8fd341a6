import assert from 'node:assert/strict'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AppError } from '../../../src/kit/app-error.ts'
import type { DatabaseFacts } from '../../../src/model/restore-point.ts'
import { dropAll, isEmpty } from '../../../src/sources/databases/mariadb-content.ts'
import { openMariadb } from '../../../src/sources/databases/mariadb-database.ts'
import { importDump } from '../../../src/sources/databases/mariadb-import.ts'
import type { OpenMariadbOptions } from '../../../src/sources/databases/mariadb-options.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'
import type { MariadbServer } from '../../fixtures/mariadb-server.ts'
import { recordingRun } from '../../fixtures/recording-run.ts'
import { checksumTables, createSampleDatabase } from '../../fixtures/sample-database.ts'

let server: MariadbServer
let dump: Buffer
let facts: DatabaseFacts
let sums: Record<string, string>

before(async () => {
  server = await startMariadb()
  await createSampleDatabase(server, 'shop')
  await server.sql('ALTER DATABASE shop COLLATE latin1_swedish_ci')
  const run = recordingRun()
  const taken = await openMariadb(options('shop')).dump(run, { path: 'database.sql', scratch: tmpdir() })
  const parts: Uint8Array[] = []
  for await (const bytes of taken.entry.open?.(run.signal) ?? []) parts.push(bytes)
  dump = Buffer.concat(parts)
  facts = taken.facts()
  sums = await checksumTables(server, 'shop')
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

function options(name: string, user = 'root'): OpenMariadbOptions {
  return { type: 'mariadb', name, socket: server.socket, user }
}

async function* content(bytes: Uint8Array | string, pieceBytes = 4000): AsyncGenerator<Uint8Array, void, undefined> {
  const all = Buffer.from(bytes)
  for (let at = 0; at < all.length; at += pieceBytes) yield all.subarray(at, at + pieceBytes)
}

test('a user who may only use the one database restores into it, and takes over what others defined', async () => {
  await server.sql('CREATE DATABASE own; CREATE USER tenant@localhost; GRANT ALL ON own.* TO tenant@localhost; CREATE TABLE own.leftover (a int); CREATE VIEW own.old AS SELECT 1')
  const run = recordingRun()
  await openMariadb(options('own', 'tenant')).restore(content(dump), run, facts)
  assert.deepEqual(await checksumTables(server, 'own', { withoutDefiners: true }), await checksumTables(server, 'shop', { withoutDefiners: true }))
  assert.equal((await server.sql("SELECT DISTINCT definer FROM information_schema.triggers WHERE trigger_schema = 'own'")).trim(), 'tenant@localhost')
  assert.deepEqual(run.events.map((event) => ('code' in event ? event.code : event.type)), ['database.definer'])
  assert.equal((await server.sql("SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = 'own'")).trim(), 'latin1_swedish_ci')
})

test('definers that exist stay for an administrator, those that do not are replaced', async () => {
  await server.sql('CREATE DATABASE defs; CREATE USER erp@localhost; CREATE DEFINER=erp@localhost VIEW defs.stays AS SELECT 1 AS a')
  const text = `CREATE DEFINER=\`erp\`@\`localhost\` VIEW \`stays\` AS select 1 AS \`a\`;\nCREATE DEFINER=\`gone\`@\`%\` VIEW \`moves\` AS select 1 AS \`a\`;\n-- Dump completed\n`
  const run = recordingRun()
  await importDump(options('defs'), content(text), run)
  assert.deepEqual((await server.sql("SELECT table_name, definer FROM information_schema.views WHERE table_schema = 'defs' ORDER BY 1")).trim().split('\n'), ['moves\troot@localhost', 'stays\terp@localhost'])
  assert.match(JSON.stringify(run.events), /gone@%/)
})

test('without the right to create a missing database it says what an administrator has to do', async () => {
  await server.sql('CREATE USER nobody@localhost')
  await assert.rejects(importDump(options('nowhere', 'nobody'), content(dump), recordingRun()), { code: 'database.import', hint: /CREATE DATABASE `nowhere`/ })
})

test('an import that fails stops at its first error, names the line, and can be repeated', async () => {
  const text = dump.toString('latin1')
  const at = text.indexOf('DROP TABLE IF EXISTS `invoice_row`')
  const line = text.slice(0, at).split('\n').length
  const broken = Buffer.from(`${text.slice(0, at)}CREATE TABLE broken (a nonsense);${text.slice(at)}`, 'latin1')
  await assert.rejects(importDump(options('again'), content(broken), recordingRun(), facts), { code: 'database.import', message: new RegExp(`ERROR .* at line ${line}:`) })
  assert.equal((await server.sql('SHOW TABLES LIKE \'old_text\'', 'again')).trim(), '')
  await importDump(options('again'), content(dump), recordingRun(), facts)
  assert.deepEqual(await checksumTables(server, 'again'), sums)
})

test('content that breaks off or fails is reported by its own error, and the import can be repeated', async () => {
  await assert.rejects(importDump(options('cut'), content(dump.subarray(0, dump.length / 2)), recordingRun(), facts), { code: 'database.import' })
  await assert.rejects(importDump(options('cut'), (async function* () {
    yield dump.subarray(0, 20_000)
    throw new AppError('archive.damaged', 'The archive is damaged')
  })(), recordingRun()), { code: 'archive.damaged' })
  const stop = new AbortController()
  await assert.rejects(importDump(options('cut'), (async function* () {
    yield dump.subarray(0, 20_000)
    stop.abort()
    yield dump.subarray(20_000)
  })(), recordingRun(stop.signal)), { code: 'interrupted' })
  await importDump(options('cut'), content(dump), recordingRun(), facts)
  assert.deepEqual(await checksumTables(server, 'cut'), sums)
})

test('a result that is not what the restore point says is an error', async () => {
  const other = { ...facts, tables: facts.tables.map((table) => (table.name === 'audit' ? { ...table, rows: (table.rows ?? 0) + 1 } : table)) }
  await assert.rejects(importDump(options('differs'), content(dump), recordingRun(), other), { code: 'database.import', message: /audit has \d+ rows instead of \d+/ })
  const more = { ...facts, tables: [...facts.tables, { name: 'absent', kind: 'view' as const }] }
  await assert.rejects(importDump(options('differs'), content(dump), recordingRun(), more), { code: 'database.import', message: /view absent is missing/ })
  // Without facts the dump's own rows are what counts: what takes rows away again is found.
  const eaten = 'CREATE TABLE u (a int PRIMARY KEY);\nCREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES u (a) ON DELETE CASCADE);\nINSERT INTO u VALUES (1);\nINSERT INTO t VALUES (1),(1);\nSET foreign_key_checks=1;\nREPLACE INTO u VALUES (1);\n'
  await assert.rejects(importDump(options('differs'), content(eaten), recordingRun()), { code: 'database.import', message: /t has 0 rows instead of 2/ })
})

test('a hostile dump writes no file and touches no other database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-hostile-'))
  const file = join(folder, 'written')
  const untouched = await checksumTables(server, 'shop')
  const attacks = [
    `\\! touch ${file}\n`, `system touch ${file}\n`, `source ${file}\n`, `\\. ${file}\n`, `tee ${file}\n`, `\\T ${file}\n`, `pager touch ${file}\nSELECT 1;\n`, `SELECT 1 INTO OUTFILE '${file}';\n`, `SELECT 1 \\! touch ${file}\n;\n`,
    'DROP DATABASE shop;\n', 'USE shop;\nDROP TABLE audit;\n', 'DROP TABLE `shop`.`audit`;\n', 'DELETE FROM shop.audit;\n', '/*!50000 DROP DATABASE shop */;\n', `delimiter \\\n\\! touch ${file}\n`,
    'SET sql_mode=\'ANSI_QUOTES\';\nCREATE TABLE a (b text COMMENT "\\"); DROP DATABASE shop; -- ");\n', 'INSERT INTO t VALUES (1)\\;DROP DATABASE shop;\n', '/*M!999999\\- enable the sandbox mode */ DROP DATABASE shop;\n',
    `CREATE TABLE x (a int);\n\\! touch ${file}\n;`, `/*! \\! touch ${file}\n */;`, `-- \n\\! touch ${file}\n`, `SELECT '\n\\! touch ${file}\n';`, `INSERT INTO t VALUES ('\n\\! touch ${file}\n');\nsystem touch ${file}\n`,
  ]
  try {
    for (const attack of attacks) {
      await importDump(options('victim'), content(`CREATE TABLE t (a text);\n${attack}`, 13), recordingRun()).catch((error: unknown) => {
        assert.ok(error instanceof AppError && error.code === 'database.import', attack)
      })
      await assert.rejects(access(file), attack)
    }
    assert.deepEqual(await checksumTables(server, 'shop'), untouched)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('a stranger\'s dump reaches no other database by triggers, views, routines, events or queries, and what it says of that is true', async () => {
  const untouched = await checksumTables(server, 'shop')
  const table = 'CREATE TABLE t (a int);\n'
  for (const attack of [
    'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW DELETE FROM shop.audit;\nINSERT INTO t VALUES (1);\n', 'CREATE VIEW v AS SELECT * FROM `shop`.`audit`;\nINSERT INTO v VALUES (1);\n',
    'CREATE FUNCTION f() RETURNS int BEGIN DELETE FROM shop . audit; RETURN 1; END;;\nDELIMITER ;\nINSERT INTO t VALUES (f());\n', 'INSERT INTO t SELECT count(*) FROM shop.audit;\n', 'INSERT INTO t VALUES ((SELECT count(*) FROM shop.audit));\n',
  ]) {
    const text = attack.startsWith('CREATE FUNCTION') ? `DELIMITER ;;\n${attack}` : attack
    await assert.rejects(importDump(options('victim'), content(table + text, 13), recordingRun(), undefined, 'stranger'), { code: 'database.import', message: /it was not run/ }, attack)
    assert.deepEqual(await checksumTables(server, 'shop'), untouched, attack)
  }
})

test('line ends and zero bytes that stand in strings as they are come in unchanged', async () => {
  await importDump(options('raw_bytes'), content('CREATE TABLE t (a blob);\r\nINSERT INTO t VALUES (\'a\r\nb\0c\');\r\n'), recordingRun())
  assert.equal((await server.sql('SELECT hex(a) FROM t', 'raw_bytes')).trim(), '610D0A620063')
})

test('a foreign dump of one whole database goes into the target, one of several is refused', async () => {
  const one = 'CREATE DATABASE /*!32312 IF NOT EXISTS*/ `elsewhere`;\nUSE `elsewhere`;\nCREATE TABLE `t` (`a` int);\nINSERT INTO `t` VALUES (1);\n'
  const run = recordingRun()
  const summary = await importDump(options('foreign'), content(one), run)
  assert.deepEqual([summary.completed, summary.tables], [false, [{ name: 't', kind: 'table', rows: 1 }]])
  assert.match(JSON.stringify(run.events), /CREATE DATABASE elsewhere/)
  await assert.rejects(importDump(options('foreign'), content(`${one}USE \`second\`;\n`), recordingRun()), { code: 'database.import', message: /second/ })
  assert.equal((await server.sql("SHOW DATABASES LIKE 'elsewhere'")).trim(), '')
})

test('a server that is killed while it imports fails the import', async () => {
  const rows = `INSERT INTO t VALUES ${Array.from({ length: 2000 }, (_, index) => `(${index},'${'x'.repeat(200)}')`).join(',')};\n`
  await assert.rejects(importDump(options('dying'), (async function* () {
    yield Buffer.from('CREATE TABLE t (a int, b text);\n')
    for (let round = 0; round < 20; round += 1) {
      yield Buffer.from(rows)
      if (round === 8) await server.kill()
    }
  })(), recordingRun()), (error: unknown) => error instanceof AppError && error.code === 'database.import')
  await server.start()
  await importDump(options('dying'), content(dump), recordingRun(), facts)
  assert.deepEqual(await checksumTables(server, 'dying'), sums)
})

test('dropping all leaves an empty database', async () => {
  await importDump(options('emptied'), content(dump), recordingRun(), facts)
  assert.equal(await isEmpty(options('emptied'), new AbortController().signal), false)
  await dropAll(options('emptied'), new AbortController().signal)
  assert.equal(await isEmpty(options('emptied'), new AbortController().signal), true)
  assert.deepEqual(await checksumTables(server, 'emptied'), {})
})

test('an import waits until the client of an earlier one has ended', async () => {
  const order: string[] = []
  const slow = (async function* () {
    yield Buffer.from('CREATE TABLE first (a int);\n')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    yield Buffer.from('INSERT INTO first VALUES (1);\n')
  })()
  const first = importDump(options('turns'), slow, recordingRun()).then(() => order.push('first'), (error: unknown) => order.push(String(error)))
  while (!(await server.sql("SHOW TABLES FROM turns LIKE 'first'").catch(() => '')).includes('first')) await new Promise((resolve) => setTimeout(resolve, 50))
  await importDump(options('turns'), content('CREATE TABLE second (a int);\n'), recordingRun())
  order.push('second')
  await first
  assert.deepEqual(order, ['first', 'second'])
  assert.equal((await server.sql('SHOW TABLES FROM turns')).trim(), 'second')
})
