import assert from 'node:assert/strict'
import { test } from 'node:test'
import { missingRolesOnly } from '../../../src/sources/containers/missing-roles-only.ts'
import type { PostgresSummary } from '../../../src/sources/containers/scan-postgres-dump.ts'
import { PostgresDumpScanner } from '../../../src/sources/containers/scan-postgres-dump.ts'

const head = '--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\nSET x = 1;\n'
const end = '\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n'
const table = (name: string): string => `CREATE TABLE ${name} (\n    id integer\n);\n\n`
const copy = (name: string, ...rows: readonly string[]): string => `--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: boss\n--\n\nCOPY ${name} (id) FROM stdin;\n${rows.map((row) => `${row}\n`).join('')}\\.\n\n`

function scan(text: string, size = text.length): PostgresSummary {
  const scanner = new PostgresDumpScanner()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) scanner.write(bytes.subarray(at, at + size))
  const { parts: _, ...summary } = scanner.end()
  return summary
}

test('tables and rows of a dump are told, however it is cut', () => {
  const text = `${head}${table('public.t')}${table('public."Odd ""Name"')}${table('s.t')}CREATE VIEW public.v AS\n SELECT 1;\n${copy('public.t', '1', '\\\\.', 'x'.repeat(10_000), '')}${copy('s.t')}${end}`
  for (const size of [1, 7, 4096, text.length]) {
    assert.deepEqual(scan(text, size), {
      completed: true, sizeBytes: Buffer.byteLength(text), connects: [],
      tables: [{ name: 'Odd "Name', kind: 'table' }, { name: 's.t', kind: 'table', rows: 0 }, { name: 't', kind: 'table', rows: 4 }, { name: 'v', kind: 'view' }],
    })
  }
})

test('a dump that was cut off, or has anything after its last words, is not complete', () => {
  const text = `${head}${table('public.t')}${copy('public.t', '1')}${end}`
  assert.equal(scan(text).completed, true)
  for (const at of [10, head.length + 5, text.indexOf('COPY') + 40, text.indexOf('dump complete')]) assert.equal(scan(text.slice(0, at)).completed, false)
  assert.equal(scan(`${text}SELECT 1;\n`).completed, false)
  assert.equal(scan(`${head}${copy('public.t', '-- PostgreSQL database dump complete').replace('\\.\n', '')}`).completed, false, 'the words among the rows are rows')
})

test('the body of a function is no table data', () => {
  assert.equal(scan(`${head}CREATE FUNCTION f() AS $$\nCOPY x FROM stdin;\n$$;\n${end}`).completed, true)
})

test('of a dump that would be refused it is known whether it is whole', () => {
  const { completed, refused } = scan(`${head}\\! id\n${end}`)
  assert.equal(completed, true)
  assert.equal(refused?.code, 'database.unsafe')
})

test('roles that are there are not made again, and all get their attributes', async () => {
  const text = 'CREATE ROLE boss;\nALTER ROLE boss WITH SUPERUSER;\nCREATE ROLE "Odd ""R";\nCREATE TABLESPACE fast OWNER boss LOCATION \'/x\';\nCREATE ROLE fresh;\n'
  const parts: Uint8Array[] = []
  for await (const bytes of missingRolesOnly((async function* () { for (const character of text) yield Buffer.from(character) })(), { roles: new Set(['boss', 'Odd "R']), tablespaces: new Set(['fast']) })) parts.push(bytes)
  assert.equal(Buffer.concat(parts).toString(), '\nALTER ROLE boss WITH SUPERUSER;\n\n\nCREATE ROLE fresh;\n')
})
