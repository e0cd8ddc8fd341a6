import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DumpScanner } from '../../../src/sources/databases/scan-dump.ts'
import type { DumpSummary } from '../../../src/sources/databases/dump-tally.ts'

function scan(text: string, chunkBytes = text.length): DumpSummary {
  const scanner = new DumpScanner()
  const bytes = Buffer.from(text, 'utf8')
  for (let at = 0; at < bytes.length; at += chunkBytes) scanner.write(bytes.subarray(at, at + chunkBytes))
  return scanner.end()
}

function rowsOf(text: string, chunkBytes?: number): Record<string, number | undefined> {
  return Object.fromEntries(scan(text, chunkBytes).tables.map((table) => [table.name, table.rows]))
}

const table = 'CREATE TABLE `t` (\n  `a` text\n) ENGINE=InnoDB;\n'
/** Pieces that a counter without a tokenizer trips over. */
const nasty = fc.array(fc.constantFrom('),(', "'", '"', '`', '\\', '\n', ';', '--', '-- x\n', '#', '/*', '*/', '/*!50000 ', ';;', 'VALUES (', '🧾', '\0', '(', ')', ',', 'a b'), { maxLength: 8 }).map((parts) => parts.join(''))
const escaped = (text: string): string => `'${text.replaceAll(/[\\'"\n\0]/g, (character) => ({ '\n': '\\n', '\0': '\\0' })[character] ?? `\\${character}`)}'`
const doubled = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
const value = fc.oneof(nasty.map(escaped), nasty.map(doubled), fc.constantFrom('NULL', '-1', '3.5e-7', '0xDEADBEEF27', "b'101'", "_binary 'x\\')'", '\\N'))

test('rows are counted exactly, whatever their strings hold and wherever chunks end', () => {
  fc.assert(fc.property(
    fc.array(fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }), { maxLength: 4 }), fc.integer({ min: 1, max: 40 }), fc.constantFrom(',', ',\n', ' ,  '),
    (inserts, chunkBytes, between) => {
      const text = inserts.map((rows) => `INSERT INTO \`t\` VALUES ${rows.map((row) => `(${row.join(',')})`).join(between)};\n`).join('')
      const count = inserts.reduce((sum, rows) => sum + rows.length, 0)
      assert.deepEqual(rowsOf(table + text, chunkBytes), { t: count })
    },
  ), { seed: 11, numRuns: 1500 })
})

test('a dump is complete only with its closing line as the last thing, and whole only between statements', () => {
  const closed = `${table}INSERT INTO \`t\` VALUES ('-- Dump completed');\n-- Dump completed on 2024-01-01 10:00:00\n`
  assert.deepEqual([scan(closed).completed, scan(closed).whole], [true, true])
  for (let cut = 1; cut < closed.length - 26; cut += 1) assert.equal(scan(closed.slice(0, cut), 7).completed, false, `cut at ${cut}`)
  assert.equal(scan(`${closed}INSERT INTO \`t\` VALUES (1);\n`).completed, false)
  assert.equal(scan(`${closed}-- more\n`).completed, false)
  assert.equal(scan(`${table}INSERT INTO \`t\` VALUES (1),('`).whole, false)
  assert.equal(scan(`${table}/* never closed`).whole, false)
  const foreign = scan(table)
  assert.deepEqual([foreign.whole, foreign.completed], [true, false])
})

test('triggers and routines with statements inside count as one statement, under any delimiter', () => {
  const text = `${table}DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=\`x\`@\`%\`*/ /*!50003 TRIGGER t_in BEFORE INSERT ON t FOR EACH ROW BEGIN
  -- it's; a comment
  /* another ; 'one */ INSERT INTO t VALUES ('x'), (';;'); # don't
END */;;
DELIMITER $$
CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (1),(2); SELECT '$$'; END$$
delimiter ;
INSERT INTO t (a) VALUES ('1'),('2');
`
  for (let chunkBytes = 1; chunkBytes < 60; chunkBytes += 1) {
    const summary = scan(text, chunkBytes)
    assert.deepEqual([summary.tables, summary.statements, summary.whole], [[{ name: 't', kind: 'table', rows: 2 }], 4, true], `chunks of ${chunkBytes}`)
  }
})

test('rows are left open where the text does not tell how many there will be', () => {
  assert.deepEqual(rowsOf(`${table}REPLACE INTO t VALUES (1);`), { t: undefined })
  assert.deepEqual(rowsOf(`${table}INSERT IGNORE INTO t VALUES (1);`), { t: undefined })
  assert.deepEqual(rowsOf(`${table}INSERT INTO t VALUES (1),(2) ON DUPLICATE KEY UPDATE a=VALUES(a), b=(1);`), { t: undefined })
  assert.deepEqual(rowsOf(`${table}INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a=1;`, 3), { t: undefined })
  assert.deepEqual(rowsOf(`${table}INSERT INTO t SELECT 1;`), { t: undefined })
  assert.deepEqual(rowsOf('CREATE TABLE `m` (\n  `a` int\n) ENGINE=MRG_MyISAM UNION=(`x`);'), { m: undefined })
})

test('placeholders of views become views, and dropped tables are gone', () => {
  const text = `/*!50001 CREATE TABLE \`v\` (\n \`a\` tinyint\n) ENGINE=MyISAM */;\nCREATE TABLE gone (a int);DROP TABLE IF EXISTS gone, other;
/*!50001 DROP TABLE IF EXISTS \`v\`*/;\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=\`a\`@\`b\` SQL SECURITY DEFINER */\n/*!50001 VIEW \`v\` AS select 1 */;\n`
  assert.deepEqual(scan(text, 5).tables, [{ name: 'v', kind: 'view' }])
})

test('sql_mode NO_BACKSLASH_ESCAPES changes where strings end', () => {
  const text = `${table}SET sql_mode = 'NO_BACKSLASH_ESCAPES';\nCREATE FUNCTION f() RETURNS text RETURN '\\';\nSET sql_mode = @saved_sql_mode;\nINSERT INTO t VALUES ('\\'),('),(1);`
  assert.deepEqual(rowsOf(text, 9), { t: 2 })
})

test('a giant statement without rows is refused instead of held in memory', () => {
  const scanner = new DumpScanner()
  scanner.write(Buffer.from('SELECT '))
  const megabyte = Buffer.alloc(1024 * 1024, 'x')
  assert.throws(() => { for (let count = 0; count < 70; count += 1) scanner.write(megabyte) }, { code: 'database.import' })
})

test('rows of any size stream through in little memory', () => {
  const scanner = new DumpScanner()
  scanner.write(Buffer.from(`${table}INSERT INTO \`t\` VALUES (0x`))
  const megabyte = Buffer.alloc(1024 * 1024, 'A')
  const before = process.memoryUsage().arrayBuffers
  for (let count = 0; count < 200; count += 1) scanner.write(megabyte)
  assert.ok(process.memoryUsage().arrayBuffers - before < 32 * 1024 * 1024)
  scanner.write(Buffer.from('),(1);\n'))
  assert.deepEqual(scanner.end().tables, [{ name: 't', kind: 'table', rows: 2 }])
})
