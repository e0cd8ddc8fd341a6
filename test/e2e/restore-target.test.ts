import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
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

  test('never goes into a folder of the system, and tells whose folder it would change', async () => {
    for (const target of ['/', '/etc', '/home', '/lib']) {
      const { stderr } = await machine.holdfast(['restore', 'latest', '--app', 'late', '--target', target, '--no-ask', '--dry-run'], { status: 1 })
      assert.match(stderr, /is a folder of the system: .* \[restore\.target\]/, target)
    }
    const plan = async (target: string): Promise<string> => (await machine.holdfast(['restore', 'latest', '--app', 'late', '--target', target, '--dry-run'])).stdout
    assert.match(await plan(small), /\n {2}careful {4}this is the folder of small, whose files are changed by it/)
    assert.match(await plan(join(late, '..')), /\n {2}careful {4}in this folder lies late .*\n {2}careful {4}in this folder lies small /)
    await symlink(small, join(machine.folder, 'link'))
    assert.match(await plan(join(machine.folder, 'link/new')), /\n {2}careful {4}this folder lies in small /)
    assert.doesNotMatch(await plan(join(machine.folder, 'apps/new')) + await plan(late), /careful/)
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
