import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeTree } from './describe-tree.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'
import { program } from './program.ts'

/** Something mounted inside the application, as root may do; unmounted at the end. */
async function mounted(folder: string, ...how: readonly string[]): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true })
  await program('mount', 'mount', [...how, folder])
  return { [Symbol.asyncDispose]: async () => { await program('umount', 'mount', [folder]) } }
}

async function machineWithFiles(oneFileSystem: boolean): Promise<Machine> {
  const machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app, oneFileSystem, hooks: { 'before-restore': [{ command: `touch ${machine.folder}/hooked` }] } } }, place: machine.place })
  await mkdir(join(machine.app, 'data/cache dir'), { recursive: true })
  await writeFile(join(machine.app, 'data/file'), 'saved')
  return machine
}

test('a restore in place leaves a mount point and what is mounted there alone, when the backup did not cross it', async () => {
  await using machine = await machineWithFiles(true)
  const mount = join(machine.app, 'data/cache dir')
  await using _mounted = await mounted(mount, '-t', 'tmpfs', 'tmpfs')
  await writeFile(join(mount, 'of the other'), 'x')
  await machine.holdfast(['backup', 'demo'])
  const before = await describeTree(machine.app)
  await writeFile(join(machine.app, 'data/file'), 'changed')
  await writeFile(join(machine.app, 'data/later'), '')
  const changed = await describeTree(machine.app)
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  assert.deepEqual(await describeTree(machine.app), before)
  await machine.holdfast(['restore', '--undo', '--target', machine.app, '--no-ask'])
  assert.deepEqual(await describeTree(machine.app), changed)
})

test('a mount point of which the restore point knows nothing stays, and the folders above it', async () => {
  await using machine = await machineWithFiles(true)
  await machine.holdfast(['backup', 'demo'])
  await using _mounted = await mounted(join(machine.app, 'new/mount'), '-t', 'tmpfs', 'tmpfs')
  await writeFile(join(machine.app, 'new/mount/of the other'), 'x')
  await writeFile(join(machine.app, 'new/later'), 'x')
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  assert.deepEqual(await readdir(join(machine.app, 'new')), ['mount'])
  assert.equal(await readFile(join(machine.app, 'new/mount/of the other'), 'utf8'), 'x')
})

for (const how of ['tmpfs', 'bind'] as const) {
  test(`content for a mount point (${how}) is refused before anything is touched, and comes back once it is unmounted`, async () => {
    await using machine = await machineWithFiles(false)
    const mount = join(machine.app, 'data/cache dir')
    const other = join(machine.folder, 'other')
    await mkdir(other)
    {
      await using _mounted = await mounted(mount, ...(how === 'tmpfs' ? ['-t', 'tmpfs', 'tmpfs'] : ['--bind', other]))
      await writeFile(join(mount, 'of the other'), 'saved too')
      await machine.holdfast(['backup', 'demo'])
      await writeFile(join(machine.app, 'data/file'), 'changed')
      const before = await describeTree(machine.app)
      for (const args of [['--dry-run'], ['--no-ask']]) {
        const { stderr } = await machine.holdfast(['restore', 'latest', ...args], { status: 1 })
        assert.match(stderr, /mounted at "data\/cache dir".*\[restore\.target\]/)
        assert.match(stderr, /Unmount it/)
      }
      assert.deepEqual(await describeTree(machine.app), before)
      assert.deepEqual((await readdir(machine.folder)).filter((name) => name === 'hooked' || name.startsWith('.')), [])
    }
    await machine.holdfast(['restore', 'latest', '--no-ask'])
    assert.equal(await readFile(join(mount, 'of the other'), 'utf8'), 'saved too')
    await rm(other, { recursive: true, force: true })
  })
}
