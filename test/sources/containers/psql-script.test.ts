import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../../src/kit/app-error.ts'
import { psqlScript, refuseUnsafeDump } from '../../../src/sources/containers/psql-script.ts'

const head = '--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET standard_conforming_strings = on;\n'
const end = '\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n'

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function scriptOf(text: string, { size = 4096, database = 'shop' }: { size?: number; database?: string } = {}): Promise<string> {
  const parts: Uint8Array[] = []
  for await (const bytes of psqlScript(cut(text, size), database === 'roles' ? undefined : database)) parts.push(Buffer.from(bytes))
  return Buffer.concat(parts).toString()
}

const digits = /^SELECT pg_catalog\.convert_from\(pg_catalog\.decode\('([0-9a-f]*)', 'hex'\), pg_catalog\.current_setting\('client_encoding'\)::pg_catalog\.name\) \\gexec$/

/** What the server is told, and whatever psql itself would read as it stands. */
function read(script: string): string[] {
  const said: string[] = []
  let inRows = false
  for (const line of script.split('\n').slice(0, -1)) {
    const [, hex] = digits.exec(line) ?? []
    const statement: string | undefined = hex === undefined || inRows ? undefined : Buffer.from(hex, 'hex').toString()
    if (statement !== undefined) inRows = statement.startsWith('COPY ')
    else if (inRows && line === '\\.') inRows = false
    said.push(statement ?? line)
  }
  return said
}

const statements = async (sql: string): Promise<string[]> => read(await scriptOf(`${head}${sql}${end}`)).slice(1)

test('statements come as digits, rows as they are, and the database by the name that is restored, wherever the dump is cut', async () => {
  const dump = `${head}CREATE DATABASE shop;\n\n\\unrestrict abc\n\\connect shop\n\\restrict abc\n\nCREATE TABLE public.t (\n    word text DEFAULT 'it''s; --'\n);\n\nCOPY public.t (word) FROM stdin;\n\\\\! id\n\\N\n\\\\.\n;\n\\.\n\n\nCOPY public."we""ird; \\! id" (a, "b c") FROM stdin;\n\\.\n\nALTER TABLE public.t /* a; /* nested */ \\! id */ ADD x int;\n${end}`
  const wanted = [
    'SET standard_conforming_strings = on', 'CREATE DATABASE shop', `\\connect -reuse-previous=on "dbname='shop'"`, "CREATE TABLE public.t (\n    word text DEFAULT 'it''s; --'\n)",
    'COPY public.t (word) FROM stdin', '\\\\! id', '\\N', '\\\\.', ';', '\\.', 'COPY public."we""ird; \\! id" (a, "b c") FROM stdin', '\\.', 'ALTER TABLE public.t /* a; /* nested */ \\! id */ ADD x int',
  ]
  for (const size of [1, 2, 3, 7, 100, dump.length]) assert.deepEqual(read(await scriptOf(dump, { size })), wanted, `in pieces of ${size}`)
})

test('a statement ends where the server takes it to end', async () => {
  for (const sql of [
    "COMMENT ON TABLE t IS 'C:\\'", "COMMENT ON TABLE t IS E'a\\'; b\\\\'", "SELECT pg_catalog.lowrite(0, '\\x5c2120')", "SELECT b'01', x'1f', 'a;b'",
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $_$ SELECT 1; \\! id\n$$ ; $1 $__$ $_$', 'DO $$ BEGIN PERFORM 1; END $$', 'SELECT $1, a$b$c, "x;""y$$"',
    'CREATE FUNCTION f(x integer) RETURNS integer\n    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT CASE WHEN (x > 1) THEN 1 ELSE 2 END AS "case";\n SELECT 2;\nEND',
    'CREATE OR REPLACE PROCEDURE p()\n    LANGUAGE sql\n    BEGIN ATOMIC\n INSERT INTO t VALUES (1);\nEND', 'CREATE FUNCTION public.begin() RETURNS integer LANGUAGE sql AS $$SELECT 1$$',
    'CREATE RULE r AS ON INSERT TO t DO ( INSERT INTO u VALUES (1); INSERT INTO v VALUES (2); )', 'SELECT 1 -- a; comment\n, 2', 'SELECT 5 / 2 - 1, arr[1:n], x::text', 'CREATE OPERATOR public.@-/ (FUNCTION = f)',
  ]) assert.deepEqual(await statements(`${sql};\n`), [sql])
  assert.deepEqual(await statements("SET standard_conforming_strings = off;\nCOMMENT ON TABLE t IS 'a\\';\\\\';\nSELECT 1;\n"), ['SET standard_conforming_strings = off', "COMMENT ON TABLE t IS 'a\\';\\\\'", 'SELECT 1'])
})

const commands = ['\\! touch /tmp/x', '\\copy t FROM PROGRAM \'id\'', '\\o |id', '\\o /etc/cron.d/x', '\\g |id', '\\w /tmp/x', '\\i /etc/passwd', '\\ir x', '\\set x `id`', '\\lo_import /etc/shadow', '\\setenv PAGER id', '\\gexec', '\\;', '\\.', '\\', '\\restrict', '\\restrict a b', '\\unrestrict `id`', '\\if `id`', '\\encoding `id`', '\\encoding SJIS']

test('a command of psql is refused wherever psql would take it for one', async () => {
  const texts = commands.flatMap((command) => [
    `${command}\n`, ` ${command}\n`, `SELECT 1; ${command}\n`, `SELECT 1 ${command}\n`, `SELECT (${command}\n);`, `SELECT 1\n${command}\n;`, `-- a comment\n${command}\n`, `/* a */ ${command}\n`, `SELECT 'a'${command}\n`,
    `SELECT $$ a $$ ${command}\n`, `CREATE TABLE "t" ${command}\n`, `COPY t (a) FROM stdin;\n1\n\\.\n${command}\n`, `COPY t (a) FROM stdin;\n1\n\\.\r\n${command}\n`, `COPY t (a) FROM stdin; ${command}\n`,
    `CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;\n${command}\nEND;\n`, `SELECT E'\\'' ${command}\n`, `SELECT 'C:\\' ${command}\n`, `SELECT $a$ $b$ $a$ ${command}\n`, `SELECT $1$ ${command}\n`,
  ])
  for (const text of texts) {
    for (const size of [1, 5, 4096]) {
      await assert.rejects(scriptOf(`${head}${text}${end}`, { size }), { code: 'database.unsafe' }, text)
    }
    await assert.rejects(refuseUnsafeDump(cut(`${head}${text}${end}`, 4096), 'shop'), { code: 'database.unsafe' }, text)
  }
})

test('what only looks like rows, and rows that psql would end elsewhere, are refused', async () => {
  for (const text of [
    'COPY t (a) FROM stdin;\n\\.x\n\\.\n', 'COPY t (a) FROM stdin;\n\\. \n\\.\n', 'COPY t (a) FROM PROGRAM \'id\';\n', "COPY t (a) FROM '/etc/passwd';\n", "COPY t (a) TO '/tmp/x';\n", 'COPY t (a) TO PROGRAM \'id\';\n', 'copy t from stdin;\n\\! id\n',
    'COPY (SELECT 1) TO stdout;\n', 'COPY t (a) FROM stdin WITH (FORMAT csv);\n1\n', 'COPY t (a) /* */ FROM stdin;\n1\n', 'COPY t (a) FROM stdin; SELECT 1;\n', 'SELECT 1\0;\n', 'COPY t (a) FROM stdin;\na\0\n\\.\n',
  ]) await assert.rejects(scriptOf(`${head}${text}${end}`), { code: 'database.unsafe' }, text)
})

test('no word of a dump is read by psql itself, even where a setting or an encoding would make psql read it otherwise', async () => {
  for (const text of [
    "SELECT set_config('standard_conforming_' || 'strings', 'off', false);\nSELECT 'a\\';\n\\! id\n';\n", "SET client_encoding = 'SJIS';\nSELECT E'\x95\\';\n\\! id\n';\n", 'CREATE FUNCTION f() AS $$\nCOPY t FROM stdin;\n\\! id\n$$;\n',
    "SELECT :'x', :DBNAME, :{?x};\n", "SELECT 'a'\n'b\\';\n\\! id\n';\n", 'CREATE FUNCTION public.begin() RETURNS int AS $$\n\\! id\n$$;\n',
  ]) {
    const script = await scriptOf(`${head}${text}${end}`).catch((error: unknown) => {
      assert.ok(error instanceof AppError && error.code === 'database.unsafe', String(error))
      return ''
    })
    for (const line of script.split('\n').slice(0, -1)) assert.match(line, digits)
  }
})

test('a dump goes into the database that is restored, on the same server, and into no other', async () => {
  const odd = 'o\'d\\d "base" =;'
  const quoted = `\\connect -reuse-previous=on "dbname='o\\'d\\\\d ""base"" =;'"`
  assert.deepEqual(read(await scriptOf(`${head}${quoted}\n${end}`, { database: odd })).slice(1), [quoted])
  assert.deepEqual(read(await scriptOf(`${head}\\encoding SQL_ASCII\n${quoted}\n${end}`, { database: odd })).slice(1), [quoted])
  assert.deepEqual(read(await scriptOf(`${head}\\connect "o'd\\d ""base"" =;"\n${end}`, { database: odd })).slice(1), [quoted])
  for (const line of [
    '\\connect other', '\\connect "dbname=\'shop\'"', "\\connect -reuse-previous=on \"dbname='shop' host='evil'\"", '\\connect -reuse-previous=on "dbname=\'other\'"', '\\connect postgresql://evil/shop', '\\connect shop boss evil',
    '\\connect - - evil', '\\connect -reuse-previous=off shop', '\\connect `id`', '\\connect "shop"`id`', '\\connect shop \\! id', '\\c shop', '\\connect :x', "\\connect 'shop'",
  ]) {
    await assert.rejects(scriptOf(`${head}${line}\n${end}`), { code: 'database.unsafe' }, line)
    await assert.rejects(refuseUnsafeDump(cut(`${head}${line}\n${end}`, 4096), 'shop'), { code: 'database.unsafe' }, line)
  }
  const roles = '--\n-- PostgreSQL database cluster dump\n--\n\n\\connect postgres\n\nCREATE ROLE boss;\n\n--\n-- PostgreSQL database cluster dump complete\n--\n\n'
  assert.deepEqual(read(await scriptOf(roles, { database: 'roles' })), ['CREATE ROLE boss'], 'roles belong to none')
  await assert.rejects(scriptOf(roles.replace('postgres\n', 'shop\n'), { database: 'roles' }), { code: 'database.unsafe' })
})

test('a dump that breaks off is refused before anything is touched, and never ends an import well', async () => {
  const dump = `${head}CREATE TABLE t (a int);\nCOPY t (a) FROM stdin;\n1\n\\.\n${end}`
  for (let at = 0; at < dump.indexOf('complete'); at += 3) {
    await assert.rejects(refuseUnsafeDump(cut(dump.slice(0, at), 50), 'shop'), { code: 'archive.damaged' }, `cut at ${at}`)
    await assert.rejects(scriptOf(dump.slice(0, at)), { code: 'database.import' }, `cut at ${at}`)
  }
})
