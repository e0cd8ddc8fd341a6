import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

suite('a restore on a machine with several applications', () => {
  let machine: Machine
  let late: string
  let small: string
  let archive: string

  before(async () => {
    machine = await newMachine()
    late = join(machine.folder, 'apps/late')
    small = join(machine.folder, 'apps/small')
    for (const root of [late, small]) await mkdir(root, { recursive: true })
    await writeFile(join(late, 'a.txt'), 'late')
    await writeFile(join(small, 'a.txt'), 'small')
    await machine.configure({ apps: { late: { root: late }, small: { root: small } }, place: machine.place })
    const [point] = await machine.backup(['late'])
    archive = join(machine.place, point?.key ?? '')
    await machine.backup(['small'])
  })

  // Each test begins with what was written since the backups.
  beforeEach(async () => {
    await writeFile(join(late, 'new.txt'), 'written since')
    await writeFile(join(small, 'new.txt'), 'written since')
  })
  after(async () => await machine[Symbol.asyncDispose]())

  test('of an archive of another application than --app names is refused, whatever the target, and nothing is touched', async () => {
    for (const target of [[], ['--target', small], ['--target', join(machine.folder, 'new')]]) {
      const { stderr } = await machine.holdfast(['restore', archive, '--app', 'small', '--no-ask', ...target], { status: 1 })
      assert.match(stderr, /This is a restore point of late, and not of small \[restore\.target\]\nwhat to do: .*--target/)
    }
    for (const root of [late, small]) assert.deepEqual(await readdir(root), ['a.txt', 'new.txt'])
    assert.equal(await readFile(join(small, 'a.txt'), 'utf8'), 'small')
  })

  test('of an archive goes into the application that --app names under its name of today', async () => {
    await machine.configure({ apps: { renamed: { root: late }, small: { root: small } }, place: machine.place })
    await machine.holdfast(['restore', archive, '--app', 'renamed', '--no-ask'])
    assert.deepEqual(await readdir(late), ['a.txt'])
    await machine.holdfast(['restore', '--undo', '--app', 'renamed', '--no-ask'])
    assert.deepEqual(await readdir(late), ['a.txt', 'new.txt'])
    await machine.configure({ apps: { late: { root: late }, small: { root: small } }, place: machine.place })
  })
})
