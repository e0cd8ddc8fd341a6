import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { DumpVerdict } from '../../../src/model/dump-reader.ts'
import { openForeignDump } from '../../../src/sources/databases/foreign-dump.ts'

function judge(text: string, chunkBytes = 7): DumpVerdict {
  const reader = openForeignDump()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += chunkBytes) reader.write(bytes.subarray(at, at + chunkBytes))
  return reader.end()
}

const table = 'DROP TABLE IF EXISTS `a`;\nCREATE TABLE `a` (id int);\nINSERT INTO `a` VALUES (1),(2);\n'

suite('a dump of another program', () => {
  test('that ends with its closing line is closed, and tells database, version, tables and rows', () => {
    const verdict = judge(`-- MariaDB dump 10.19\n--\n-- Host: localhost    Database: erp shop\n-- Server version\t10.11.6-MariaDB\n${table}-- Dump completed on 2024-05-03\n`)
    assert.deepEqual({ ...verdict, sizeBytes: 0 }, { closed: true, database: 'erp shop', version: '10.11.6-MariaDB', tables: [{ name: 'a', kind: 'table', rows: 2 }], sizeBytes: 0 })
  })

  test('may have no closing line where its program writes none, and is then not called closed', () => {
    const verdict = judge(table)
    assert.equal(verdict.fault, undefined)
    assert.equal(verdict.closed, false)
  })

  for (const [name, text, why] of [
    ['breaks off inside rows', table.slice(0, -5), /inside a statement/],
    ['has no delimiter after its last statement', `${table}INSERT INTO a VALUES (3)`, /inside a statement/],
    ['breaks off inside a comment', `${table}-- Table struct`, /inside a comment/],
    ['is of a program that writes a closing line, and has none', `-- MySQL dump 10.13\n${table}`, /closing line is missing/],
    ['is of mysqldump-php and has no closing line', `-- mysqldump-php https://github.com/ifsnop/mysqldump-php\n${table}`, /closing line is missing/],
    ['ends with another delimiter', `${table}DELIMITER ;;\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW SET NEW.id = 1;;\n`, /delimiter is still ;;/],
    ['ends with locked tables', `${table}LOCK TABLES a WRITE;\nINSERT INTO a VALUES (9);\n`, /still locked/],
    ['ends within a transaction', `START TRANSACTION;\n${table}`, /within a transaction/],
    ['drops a table and does not create it again', `${table}DROP TABLE IF EXISTS \`b\`;\n`, /drops b and does not create it/],
    ['ends with keys disabled', `${table}/*!40000 ALTER TABLE \`a\` DISABLE KEYS */;\n`, /keys of a are still disabled/],
    ['ends before it sets back what it set aside', `/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='' */;\n${table}`, /before it sets back OLD_SQL_MODE/],
    ['creates nothing', 'SELECT 1;\n', /creates no table/],
    ['is no text at all', '\u0000\u0001\u0002 PK'.repeat(100), /inside a statement|creates no table/],
  ] as const) {
    test(`${name}: that is told as its fault`, () => {
      for (const chunkBytes of [1, 7, 100_000]) assert.match(judge(text, chunkBytes).fault ?? '', why)
    })
  }

  test('is followed through triggers, views in conditional comments and the sandbox line', () => {
    const verdict = judge(`/*M!999999\\- enable the sandbox mode */\n/*!40101 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;\n${table}DELIMITER ;;\n/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.id = 1; END */;;\nDELIMITER ;\n/*!50001 CREATE VIEW \`v\` AS SELECT 1 */;\n/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;\n`)
    assert.equal(verdict.fault, undefined)
    assert.deepEqual(verdict.tables.map(({ name }) => name), ['a', 'v'])
  })
})
