import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'
import { openSampleDatabaseFile } from './sample-database-file.ts'

async function machineWithParts(app: Record<string, unknown> = {}): Promise<Machine> {
  const machine = await newMachine()
  for (const folder of ['files', 'code']) await mkdir(join(machine.app, folder))
  await writeFile(join(machine.app, 'files/scan'), 'a scan')
  await writeFile(join(machine.app, 'code/index.php'), '<?php')
  openSampleDatabaseFile(join(machine.app, 'shop.sqlite')).close()
  await machine.configure({ apps: { demo: { root: machine.app, parts: { attachments: ['/files/'] }, ...app } }, place: machine.place })
  return machine
}

async function members(machine: Machine, key: string): Promise<string[]> {
  const { stdout } = await program('tar', 'tar', ['-tzf', join(machine.place, key)])
  return stdout.split('\n').map((name) => name.replace(/\/$/, '')).filter((name) => name !== '' && !name.startsWith('.holdfast-'))
}

test('kind both makes a dated and a rolling point of one reading', async () => {
  await using machine = await machineWithParts({ kind: 'both', hooks: { 'live-before': [{ command: 'echo read >> files/readings' }] } })
  const [dated, rolling] = await machine.backup(['demo'])
  assert.equal(await readFile(join(machine.app, 'files/readings'), 'utf8'), 'read\n')
  assert.deepEqual([dated?.slot, rolling?.slot], ['dated', 'rolling'])
  assert.notEqual(dated?.id, rolling?.id)
  assert.match(rolling?.key ?? '', /^demo_rolling_[1-7]\.tar\.gz$/)
  for (const id of [dated?.id ?? '', rolling?.id ?? '']) await machine.holdfast(['verify', id])
  await machine.holdfast(['restore', rolling?.id ?? '', '--target', join(machine.folder, 'new'), '--no-ask'])
  assert.equal(await readFile(join(machine.folder, 'new/files/readings'), 'utf8'), 'read\n')

  await machine.backup(['demo', '--type', 'rolling'])
  assert.equal((await machine.points()).length, 2, 'the rolling point of a weekday is replaced')
  assert.equal(await readFile(join(machine.app, 'files/readings'), 'utf8'), 'read\nread\n')
})

test('a full point, one without a part and one of the databases hold what their names say, under names of their own', async () => {
  await using machine = await machineWithParts()
  const [full] = await machine.backup(['demo'])
  const [partial] = await machine.backup(['demo', '--without', 'attachments'])
  const [database] = await machine.backup(['demo', '--database-only'])
  assert.deepEqual([full?.scope, partial?.scope, database?.scope], ['full', 'partial', 'database'])
  assert.deepEqual(await members(machine, full?.key ?? ''), ['.', 'code', 'code/index.php', 'files', 'files/scan', 'shop.sqlite'])
  assert.deepEqual(await members(machine, partial?.key ?? ''), ['.', 'code', 'code/index.php', 'shop.sqlite'])
  assert.deepEqual(await members(machine, database?.key ?? ''), ['shop.sqlite'])
  assert.match(partial?.key ?? '', /_partial\./)
  assert.match(database?.key ?? '', /_database\./)
  const { stderr } = await machine.holdfast(['backup', 'demo', '--without', 'pictures'], { status: 1 })
  assert.match(stderr, /demo has no part "pictures" \[usage\]\nwhat to do: It has: attachments\./)
  assert.match((await machine.holdfast(['show', 'latest'])).stdout, new RegExp(full?.id ?? 'x'), 'latest is the full one')
})

test('restoring a point without a part leaves that part as it is', async () => {
  await using machine = await machineWithParts()
  const [partial] = await machine.backup(['demo', '--without', 'attachments'])
  await writeFile(join(machine.app, 'files/scan'), 'a newer scan')
  await writeFile(join(machine.app, 'code/index.php'), 'broken')
  await machine.holdfast(['restore', partial?.id ?? '', '--no-ask'])
  assert.equal(await readFile(join(machine.app, 'files/scan'), 'utf8'), 'a newer scan')
  assert.equal(await readFile(join(machine.app, 'code/index.php'), 'utf8'), '<?php')
})

test('restoring a point of the databases replaces them and no other file', async () => {
  await using machine = await machineWithParts()
  const [point] = await machine.backup(['demo', '--database-only'])
  await writeFile(join(machine.app, 'code/index.php'), 'newer')
  await program('sqlite3', 'sqlite3', [join(machine.app, 'shop.sqlite'), 'DELETE FROM pair'])
  await machine.holdfast(['restore', point?.id ?? '', '--no-ask'])
  assert.equal(await readFile(join(machine.app, 'code/index.php'), 'utf8'), 'newer')
  assert.equal((await program('sqlite3', 'sqlite3', [join(machine.app, 'shop.sqlite'), 'SELECT count(*) FROM pair'])).stdout, '500\n')
})

test('the databases alone of an application that has none are refused, and nothing is written', async () => {
  await using machine = await newMachine()
  await writeFile(join(machine.app, 'a'), 'a'.repeat(512))
  await machine.configure({ apps: { demo: { root: machine.app, scope: 'database' } }, place: machine.place })
  for (const args of [['demo'], [machine.app, '--database-only']]) {
    const { stderr } = await machine.holdfast(['backup', ...args], { status: 1 })
    assert.match(stderr, /demo has no database \[usage\]/)
  }
  assert.deepEqual(await readdir(machine.place), [])
  await machine.backup(['demo', '--full'])
})

test('retention keeps what the rules say after a success, and removes nothing after a failure or a partial run', async () => {
  await using machine = await machineWithParts({ keep: { last: 2 } })
  for (let count = 0; count < 3; count++) await machine.backup(['demo'])
  const kept = await machine.points()
  assert.equal(kept.length, 2)
  const names = (await readdir(machine.place)).filter((name) => name !== 'RESTORE.md')
  assert.deepEqual(names.filter((name) => !kept.some(({ key }) => name.startsWith(key))), [], 'nothing of a removed point stays')

  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 1 }, hooks: { frozen: [{ command: 'exit 5' }] } } }, place: machine.place })
  await machine.holdfast(['backup', 'demo'], { status: 1 })
  assert.equal((await machine.points()).length, 2, 'a run that failed removes nothing')

  await machine.configure({ apps: { demo: { root: machine.app, keep: { last: 1 }, databases: [{ type: 'sqlite', path: 'gone.sqlite' }] } }, place: machine.place })
  await machine.holdfast(['backup', 'demo'], { status: 3 })
  const after = await machine.points()
  assert.deepEqual(after.filter(({ complete }) => complete).map(({ id }) => id), kept.map(({ id }) => id), 'a partial run removes nothing')
})

test('keep: {last: 0} and forget --keep-last 0 delete nothing', async () => {
  await using machine = await machineWithParts({ keep: { last: 0 } })
  for (let count = 0; count < 2; count++) await machine.backup(['demo'])
  await machine.holdfast(['forget', '--keep-last', '0', '--no-ask'])
  assert.equal((await machine.points()).length, 2)
})

test('points in which something is missing never displace complete ones', async () => {
  await using machine = await machineWithParts()
  const [complete] = await machine.backup(['demo'])
  await machine.configure({ apps: { demo: { root: machine.app, databases: [{ type: 'sqlite', path: 'gone.sqlite' }] } }, place: machine.place })
  for (let count = 0; count < 3; count++) await machine.holdfast(['backup', 'demo'], { status: 3 })
  await machine.holdfast(['forget', '--keep-last', '1', '--no-ask'])
  assert.ok((await machine.points()).some(({ id }) => id === complete?.id))
  assert.match((await machine.holdfast(['show', 'latest'])).stdout, new RegExp(complete?.id ?? 'x'), 'latest is the complete one')
})
