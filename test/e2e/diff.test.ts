import assert from 'node:assert/strict'
import { chmodSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { z } from 'zod'
import { startMariadb } from '../fixtures/mariadb-server.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const diffSchema = z.object({
  added: z.int(), removed: z.int(), changed: z.int(),
  differences: z.array(z.object({ path: z.string(), change: z.string(), what: z.array(z.string()), before: z.int().optional(), after: z.int().optional() })),
  tables: z.array(z.object({ database: z.string(), table: z.string(), before: z.int().optional(), after: z.int().optional() })),
})

async function diff(machine: Machine, ...args: readonly string[]): Promise<z.infer<typeof diffSchema>> {
  return diffSchema.parse(await machine.json(['diff', ...args]))
}

function lines({ differences }: z.infer<typeof diffSchema>): readonly string[] {
  return differences.map(({ path, change, what }) => `${change} ${path}${what.length === 0 ? '' : `: ${what.join(' ')}`}`).toSorted()
}

/** A file of a time of long ago, so that only what a test changes is another. */
function write(machine: Machine, name: string, text: string): void {
  writeFileSync(join(machine.app, name), text)
  utimesSync(join(machine.app, name), 1_600_000_000, 1_600_000_000)
}

for (const format of ['zip', 'tar.gz', 'tar.zst', 'folder'] as const) {
  test(`diff of a ${format} tells by path, size, hash, mode, time, kind and link what became another, and nothing else`, async () => {
    await using machine = await newMachine()
    for (const name of ['same', 'larger', 'of the same size', 'mode', 'time', 'gone', 'becomes a folder']) write(machine, name, 'content\n')
    linkSync(join(machine.app, 'same'), join(machine.app, 'same too'))
    symlinkSync('same', join(machine.app, 'link'))
    mkdirSync(join(machine.app, 'folder'))
    utimesSync(machine.app, 1_600_000_000, 1_600_000_000)
    await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
    const [point] = await machine.backup(['demo', '--format', format])
    assert.deepEqual(lines(await diff(machine)), [], 'nothing was changed')

    write(machine, 'larger', 'content, and more\n')
    write(machine, 'of the same size', 'CONTENT\n')
    chmodSync(join(machine.app, 'mode'), 0o600)
    utimesSync(join(machine.app, 'time'), 1_700_000_000, 1_700_000_000)
    rmSync(join(machine.app, 'gone'))
    rmSync(join(machine.app, 'becomes a folder'))
    mkdirSync(join(machine.app, 'becomes a folder'))
    write(machine, 'folder/new', 'new\n')
    utimesSync(join(machine.app, 'folder'), 1_600_000_000, 1_600_000_000)
    rmSync(join(machine.app, 'link'))
    symlinkSync('mode', join(machine.app, 'link-'))
    renameSync(join(machine.app, 'link-'), join(machine.app, 'link'))
    utimesSync(machine.app, 1_600_000_000, 1_600_000_000)
    const expected = [
      'added folder/new', 'changed becomes a folder: kind', 'changed folder: time', 'changed larger: size', 'changed link: time link',
      'changed mode: mode', 'changed of the same size: content', 'changed time: time', 'removed gone',
    ]
    const live = await diff(machine, point?.id ?? '')
    assert.deepEqual(lines(live), expected)
    assert.deepEqual([live.added, live.removed, live.changed], [1, 1, 7])
    const sizesOf = (name: string): unknown => live.differences.filter(({ path }) => path === name).map(({ before, after }) => [before, after])
    assert.deepEqual(['larger', 'gone', 'folder/new', 'link'].map(sizesOf), [[[8, 18]], [[8, undefined]], [[undefined, 4]], [[undefined, undefined]]])
    const [later] = await machine.backup(['demo', '--format', format])
    assert.deepEqual(lines(await diff(machine, point?.id ?? '', later?.id ?? '')), expected, 'two points tell the same')
    assert.match((await machine.holdfast(['diff', point?.id ?? ''])).stdout, /^changed {2}of the same size \(content\)$/m)
  })
}

test('a socket, which no backup saves, is no difference', async () => {
  await using machine = await newMachine()
  write(machine, 'file', 'content\n')
  const [point] = await machine.backup([machine.app, '--to', machine.place])
  await using server = createServer()
  await new Promise<void>((resolve) => server.listen(join(machine.app, 'socket'), resolve))
  write(machine, 'new', 'new\n')
  assert.deepEqual(lines(await diff(machine, point?.id ?? '', '--from', machine.place)).filter((line) => line.startsWith('added')), ['added new'])
})

test('diff tells tables by their rows, of SQLite and MariaDB, between two points and with the live databases', async () => {
  await using server = await startMariadb()
  await using machine = await newMachine()
  await server.sql("CREATE DATABASE shop; USE shop; CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1), (2); CREATE TABLE same (id int); INSERT INTO same VALUES (1); CREATE TABLE old (id int)")
  using database = new DatabaseSync(join(machine.app, 'notes.sqlite'))
  database.exec('CREATE TABLE notes (text); INSERT INTO notes VALUES (1)')
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'mariadb', name: 'shop', socket: server.socket, user: 'root' }, { type: 'sqlite', path: 'notes.sqlite' }] } }, place: machine.place })
  const [point] = await machine.backup(['demo'])
  assert.deepEqual((await diff(machine)).tables, [])
  await server.sql('INSERT INTO orders VALUES (3), (4), (5); DROP TABLE old; CREATE TABLE fresh (id int); INSERT INTO fresh VALUES (9)', 'shop')
  database.exec('INSERT INTO notes VALUES (2), (3)')
  const expected = [
    { database: 'notes.sqlite', table: 'notes', before: 1, after: 3 },
    { database: 'shop', table: 'fresh', after: 1 }, { database: 'shop', table: 'old', before: 0 }, { database: 'shop', table: 'orders', before: 2, after: 5 },
  ]
  const byName = (tables: z.infer<typeof diffSchema>['tables']): unknown => tables.toSorted((a, b) => `${a.database}.${a.table}` < `${b.database}.${b.table}` ? -1 : 1)
  assert.deepEqual(byName((await diff(machine)).tables), expected)
  const [later] = await machine.backup(['demo'])
  const both = await diff(machine, point?.id ?? '', later?.id ?? '')
  assert.deepEqual(byName(both.tables), expected)
  assert.match((await machine.holdfast(['diff', point?.id ?? '', later?.id ?? ''])).stdout, /^rows {5}shop\.orders: 2 → 5$/m)
})
