import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ImportFilter } from '../../../src/sources/databases/import-filter.ts'
import type { ImportRules } from '../../../src/sources/databases/import-filter.ts'
import { dialectOf } from '../../../src/sources/databases/sql-tokens.ts'

function filtered(text: string, version = '10.11.19-MariaDB', chunkBytes = 11, more: Partial<ImportRules> = {}): string {
  const filter = new ImportFilter({ database: 'target', dialect: dialectOf(version), foldsCase: false, ...more, keepsDefiner: (account) => account === 'me@localhost' })
  const out: Uint8Array[] = []
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += chunkBytes) out.push(...filter.pass(bytes.subarray(at, at + chunkBytes)))
  out.push(...filter.end().rest)
  return Buffer.concat(out).toString('utf8')
}

const hostile = [
  'DROP TABLE `other`.`t`;', 'DROP TABLE t, other.t;', 'INSERT INTO other.t VALUES (1);', 'INSERT INTO `other` . `t` (a) VALUES (1);', 'REPLACE INTO other.t SELECT 1;',
  'CREATE TABLE other.t (a int);', 'CREATE VIEW other.v AS SELECT 1;', 'CREATE DEFINER=`a`@`b` TRIGGER other.x BEFORE INSERT ON t FOR EACH ROW SET @a=1;', 'CREATE PROCEDURE other.p() SELECT 1;',
  'ALTER TABLE t RENAME other.t;', 'ALTER TABLE t RENAME TO other.t;', 'ALTER TABLE other.t DISABLE KEYS;', 'ALTER TABLE t EXCHANGE PARTITION p WITH TABLE other.t;', 'RENAME TABLE t TO other.t;',
  'USE a; USE b;', 'TRUNCATE other.t;', 'DELETE FROM other.t;', 'UPDATE other.t SET a=1;', 'GRANT ALL ON *.* TO x;', 'CREATE USER x;', 'SET PASSWORD = \'x\';', 'SET GLOBAL general_log=1;', 'SET @@GLOBAL.x=1;', 'SET @@global . x = 1;',
  'SET STATEMENT sql_mode=\'\' FOR DELETE FROM other.t;', 'LOAD DATA INFILE \'/etc/passwd\' INTO TABLE t;', 'SELECT 1 INTO OUTFILE \'/tmp/x\';', 'CALL p();', 'DO evil();', 'DO SETVAL(`s`, evil(), 0);', 'PREPARE s FROM \'DROP DATABASE x\';', 'EXECUTE IMMEDIATE \'x\';',
  'CREATE FUNCTION f RETURNS STRING SONAME \'x.so\';', 'INSTALL PLUGIN x SONAME \'y\';', 'HANDLER other.t OPEN;', 'SHUTDOWN;', 'FLUSH TABLES;', 'system touch /tmp/x;', 'source /tmp/x;', '\\! touch /tmp/x\n;', 'SELECT 1 \\! touch /tmp/x\n;', '\\. /tmp/x\n;',
  'INSERT /*!999999 INTO safe ( */ INTO other.t VALUES (1);', 'INSERT INTO t VALUES (1)/*!50000 ; DROP DATABASE other */;', '/*!50000 DROP */ /*!999999 TABLE a, */ /*!50000 TABLE other.t */;', '/*!DROP TABLE other.t*/;', '/*M!100100 DROP TABLE other.t*/;',
  'SET sql_mode=ANSI_QUOTES;', 'SET @x=\'ANSI_QUOTES\';', 'SET sql_mode=concat(\'ANSI\',\'_QUOTES\');', 'SET sql_mode/**/=\'ANSI_QUOTES\';', 'SET NAMES gbk;', 'SET character_set_client = sjis;', 'SET `sql_mode`=\'ANSI_QUOTES\';', 'SET @m=@@character_set_database;',
  'SET sql_mode=\'ANSI_QUOTES\'; CREATE VIEW v AS SELECT 1 AS "a\\"; DROP DATABASE other; -- ";', 'DELIMITER \'\nSELECT 1\'', 'ALTER DATABASE other UPGRADE DATA DIRECTORY NAME;', 'CREATE INDEX i ON other.t (a);', 'BEGIN NOT ATOMIC DROP DATABASE other; END;', 'START SLAVE;', 'CHANGE MASTER TO MASTER_HOST=\'x\';',
]

test('nothing but the statements of one database\'s dump is sent', () => {
  for (const statement of hostile) {
    for (const chunkBytes of [1, 5, 1000]) assert.throws(() => filtered(`CREATE TABLE t (a int);\n${statement}\n`, undefined, chunkBytes), { code: 'database.import' }, statement)
  }
})

test('creating, dropping and choosing the dump\'s own database is left out', () => {
  const out = filtered('/*!40000 DROP DATABASE IF EXISTS `old`*/;\nCREATE DATABASE /*!32312 IF NOT EXISTS*/ `old` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;\nUSE `old`;\nCREATE TABLE `old`.`t` (a int);\nUSE old;\nINSERT INTO `old`.`t` VALUES (1);\n')
  assert.equal(out.trim(), 'CREATE TABLE `t` (a int);\n\nINSERT INTO `t` VALUES (1);')
})

test('the database that ALTER DATABASE names becomes the target', () => {
  assert.equal(filtered('ALTER DATABASE `old` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;').trim(), 'ALTER DATABASE `target` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;')
})

test('a statement is sent in the line in which it stood', () => {
  const text = '-- a\n\n/*!40101 SET NAMES utf8mb4 */;\n/* x\n y */\nLOCK TABLES t WRITE;\nINSERT INTO t VALUES\n(1),\n(2);\nUNLOCK TABLES;\nDELIMITER ;;\nCREATE PROCEDURE p()\nSELECT 1;;\nDELIMITER ;\n\nDROP TABLE last;\n'
  const lines = filtered(text).split('\n')
  const lineOf = (word: string): number => lines.findIndex((line) => line.includes(word)) + 1
  assert.deepEqual([lineOf('NAMES'), lineOf('INSERT'), lineOf('(2)'), lineOf('PROCEDURE'), lineOf('last')], [3, 7, 9, 12, 16])
})

test('conditional comments are resolved as this server would', () => {
  const text = '/*!50001 CREATE ALGORITHM=UNDEFINED */ /*!50013 DEFINER=`me`@`localhost` SQL SECURITY DEFINER */ /*!50001 VIEW `v` AS select \'/*!50001 \' /* kept */ */;CREATE TABLE a (b int /*!80023 INVISIBLE */ /*M!100000 , c int */);'
  const squeezed = (version: string): string => filtered(text, version).replaceAll(/ +/g, ' ').trim()
  assert.equal(squeezed('10.11.19-MariaDB'), 'CREATE ALGORITHM=UNDEFINED DEFINER=`me`@`localhost` SQL SECURITY DEFINER VIEW `v` AS select \'/*!50001 \' /* kept */ ; CREATE TABLE a (b int , c int );')
  assert.match(squeezed('8.0.36'), /CREATE TABLE a \(b int INVISIBLE /)
})

test('a definer that may not be set is taken away, another stays', () => {
  const out = filtered('CREATE DEFINER=`me`@`localhost` VIEW a AS SELECT 1;\nCREATE DEFINER = \'erp\'@\'%\' SQL SECURITY DEFINER VIEW b AS SELECT \'DEFINER=`x`@`y`\';\nCREATE FUNCTION c() RETURNS text RETURN \'DEFINER=`erp`@`%`\';')
  assert.match(out, /DEFINER=`me`@`localhost` VIEW a/)
  assert.match(out, /CREATE {2}SQL SECURITY DEFINER VIEW b AS SELECT 'DEFINER=`x`@`y`'/)
  assert.match(out, /RETURN 'DEFINER=`erp`@`%`'/)
})

test('what other tools write in dumps passes', () => {
  const text = `SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";\nSTART TRANSACTION;\nSET time_zone = "+00:00";\n/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE \`t\` (\n  \`id\` int(11) NOT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\nINSERT INTO \`t\` (\`id\`) VALUES\n(1),\n(2);\nALTER TABLE \`t\`\n  ADD PRIMARY KEY (\`id\`);\nALTER TABLE \`t\`\n  MODIFY \`id\` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=3;\nCOMMIT;
SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;\nSET @@SESSION.SQL_LOG_BIN= 0;\nSET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '';\nSET @OLD_AUTOCOMMIT=@@AUTOCOMMIT, @@AUTOCOMMIT=0;\nSET AUTOCOMMIT=@OLD_AUTOCOMMIT;\nSET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;\nDO SETVAL(\`s\`, -3007, 0);\n`
  const out = filtered(text)
  assert.match(out, /MODIFY `id`/)
  assert.doesNotMatch(out, /GTID_PURGED|LOG_BIN/)
})

test('nothing that a dump has made runs while it is imported: rows come before triggers, and never out of a query', () => {
  const trigger = 'DELIMITER ;;\nCREATE DEFINER=`a`@`b` TRIGGER `target`.`x` BEFORE INSERT ON `t` FOR EACH ROW BEGIN SET @a = 1; END;;\nDELIMITER ;\n'
  const table = 'CREATE TABLE t (a int);\nCREATE TABLE T (a int);\n'
  for (const text of [
    `${trigger}INSERT INTO t VALUES (1);`, `${trigger}REPLACE INTO \`t\` SET a = 1;`, 'CREATE VIEW v AS SELECT * FROM t;\nINSERT INTO v VALUES (1);',
    'INSERT INTO t SELECT a FROM other.t;', 'REPLACE INTO t (a) SELECT 1;', 'INSERT INTO t TABLE other.t;', 'INSERT INTO t SET a = (SELECT 1);', 'CREATE TABLE u AS SELECT * FROM t;',
    'INSERT INTO t VALUES (1),((SELECT max(a) FROM other.t));', 'INSERT INTO t VALUES (exists( /* x */ select 1));', 'INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = (select 1);', `INSERT INTO t VALUES (f(${' '.repeat(100)}select 1));`,
  ]) for (const chunkBytes of [1, 7, 1000]) assert.throws(() => filtered(`${table}${text}\n`, undefined, chunkBytes), { code: 'database.import' }, text)
  for (const chunkBytes of [1, 7, 1000]) {
    const sound = `${table}INSERT INTO t VALUES (1),(f(2)),( 'a(select 1)' );\n${trigger}INSERT INTO T VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a);\nDROP TABLE t;\nCREATE TABLE t (a int);\nINSERT INTO t VALUES (1);\n`
    assert.match(filtered(sound, undefined, chunkBytes), /\(f\(2\)\),\( 'a\(select 1\)' \);[^]*INTO T[^]*INTO t VALUES \(1\);/)
    assert.throws(() => filtered(sound, undefined, chunkBytes, { foldsCase: true }), /behind a trigger/)
  }
})

test('of a stranger\'s dump nothing names another database of the server, wherever it stands; our own may', () => {
  const named = [
    'CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW UPDATE `Other` . `t` SET a = 1;', 'CREATE VIEW v AS SELECT other.t.a FROM other.t;', 'CREATE PROCEDURE p() DELETE FROM other /* x */ . t;', 'CREATE FUNCTION f() RETURNS int RETURN other.g();',
    'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO CALL other.p();', 'CREATE TABLE u (a int) ENGINE=MERGE UNION=(other.t);', 'CREATE TABLE u LIKE other.t;', 'ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES other.t (a);',
  ]
  const rules = { others: new Set(['other']) }
  for (const statement of named.slice(0, 6)) {
    assert.throws(() => filtered(`DELIMITER ;;\n${statement.replace(/;$/, ';;')}\n`, undefined, 5, rules), { code: 'database.import', message: /another database of this server/, hint: /--trust/ }, statement)
    assert.ok(filtered(statement).includes('other') || /Other/.test(statement), statement)
  }
  for (const statement of named.slice(6)) assert.throws(() => filtered(statement, undefined, 5, rules), { code: 'database.import' }, statement)
  assert.doesNotThrow(() => filtered('CREATE VIEW v AS SELECT t.a, \'other.t\', others.b FROM t JOIN others;', undefined, 5, rules))
  const event = 'CREATE EVENT e ON SCHEDULE AT now() DO CALL p();'
  const dynamic = 'CREATE PROCEDURE p() EXECUTE IMMEDIATE concat(\'DELETE FROM oth\', \'er.t\');'
  for (const text of [event + dynamic, dynamic + event]) assert.throws(() => filtered(text, undefined, 5, rules), /put together as they run/)
  assert.doesNotThrow(() => filtered(dynamic, undefined, 5, rules))
})

test('a byte order mark before the first statement is passed over', () => {
  for (const chunkBytes of [1, 2, 1000]) assert.equal(filtered('\uFEFFCREATE TABLE t (a int);', undefined, chunkBytes).trim(), 'CREATE TABLE t (a int);')
})

test('a dump that breaks off inside a statement is refused', () => {
  assert.throws(() => filtered('CREATE TABLE t (a int);\nINSERT INTO t VALUES (1),('), { code: 'database.import' })
})
