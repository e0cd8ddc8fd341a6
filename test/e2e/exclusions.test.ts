import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'

const files = ['code/index.php', 'code/debug.log', 'cache/page', 'deep/cache/page', 'local.ini'] as const

async function machineWithFiles(): Promise<Machine> {
  const machine = await newMachine()
  await write(machine, 'saved')
  return machine
}

async function write(machine: Machine, text: string): Promise<void> {
  for (const path of files) {
    await mkdir(join(machine.app, path, '..'), { recursive: true })
    await writeFile(join(machine.app, path), text)
  }
}

async function members(machine: Machine, key: string): Promise<string[]> {
  const { stdout } = await program('tar', 'tar', ['-tzf', join(machine.place, key)])
  return files.filter((path) => stdout.split('\n').includes(path))
}

async function contents(machine: Machine): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all(files.map(async (path) => [path, await readFile(join(machine.app, path), 'utf8').catch(() => 'gone')] as const)))
}

test('what the configuration or the command line excludes is not in the restore point, and a restore does not touch it', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app, exclude: ['*.log', '/cache/'] } }, place: machine.place })
  const [point] = await machine.backup(['demo'])
  assert.deepEqual(await members(machine, point?.key ?? ''), ['code/index.php', 'deep/cache/page', 'local.ini'])
  const [less] = await machine.backup(['demo', '--exclude', '/local.ini'])
  assert.deepEqual(await members(machine, less?.key ?? ''), ['code/index.php', 'deep/cache/page'])
  const [only] = await machine.backup(['demo', '--include', '/code/'])
  assert.deepEqual(await members(machine, only?.key ?? ''), ['code/index.php'])

  await write(machine, 'changed')
  await machine.holdfast(['restore', less?.id ?? '', '--no-ask'])
  assert.deepEqual(await contents(machine), { 'code/index.php': 'saved', 'code/debug.log': 'changed', 'cache/page': 'changed', 'deep/cache/page': 'saved', 'local.ini': 'changed' })
})

test('what the target excludes is left alone, though an earlier restore point holds it', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place })
  await machine.backup(['demo'])
  await machine.configure({ apps: { demo: { root: machine.app, exclude: ['/local.ini', '/cache/'] } }, place: machine.place })
  await write(machine, 'changed')
  await rm(join(machine.app, 'cache/page'))
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  assert.deepEqual(await contents(machine), { 'code/index.php': 'saved', 'code/debug.log': 'saved', 'cache/page': 'gone', 'deep/cache/page': 'saved', 'local.ini': 'changed' })
})

test('one backup with its own selection is a partial point: it takes the place of no full one, and the configuration in it stays the user\'s', async () => {
  await using machine = await machineWithFiles()
  await machine.configure({ apps: { demo: { root: machine.app, include: ['/code/', '/local.ini'], exclude: ['*.log'], keep: { last: 1 } } }, place: machine.place })
  const [full] = await machine.backup(['demo'])
  const [less] = await machine.backup(['demo', '--exclude', '/local.ini'])
  const [only] = await machine.backup(['demo', '--include', '/deep/'])
  const [everything] = await machine.backup([machine.app, '--one-file-system', '--full', '--type', 'rolling'])
  assert.deepEqual([full, less, only, everything].map((point) => point?.scope), ['full', 'partial', 'partial', 'partial'])
  assert.deepEqual(await members(machine, only?.key ?? ''), ['deep/cache/page'], 'of the command line alone')
  const left = await machine.points()
  assert.ok(left.some(({ id }) => id === full?.id), 'the full one stays under keep: {last: 1}')
  assert.match((await machine.holdfast(['show', 'latest'])).stdout, new RegExp(full?.id ?? 'x'))
  const { manifest: { config } } = z.object({ manifest: z.object({ config: z.string() }) }).parse(await machine.json(['show', only?.id ?? '']))
  assert.match(config, /include:\n +- \/code\/\n +- \/local.ini\n +exclude:\n +- "\*\.log"\n +oneFileSystem: false\n/)

  await write(machine, 'changed')
  await machine.holdfast(['restore', only?.id ?? '', '--no-ask'])
  assert.deepEqual(await contents(machine), { 'code/index.php': 'changed', 'code/debug.log': 'changed', 'cache/page': 'changed', 'deep/cache/page': 'saved', 'local.ini': 'changed' })
})

test('a folder without configuration that is saved with a selection has a full point', async () => {
  await using machine = await machineWithFiles()
  const [point] = await machine.backup([machine.app, '--to', machine.place, '--exclude', '*.log'])
  assert.equal(point?.scope, 'full')
})
