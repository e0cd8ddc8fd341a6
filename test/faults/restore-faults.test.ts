import assert from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { describeTree, differences } from './describe-tree.ts'
import type { KillPoint } from './program.ts'
import { Program } from './program.ts'
import { withTrialFolder } from './with-trial-folder.ts'

type Scene = { readonly folder: string; readonly program: Program; readonly root: string; readonly place: string }

const nobody = 65_534
const inSwap: KillPoint = { kind: 'phase', phase: 'swap', delayMs: 0 }

async function withBackup(fill: (root: string) => void, use: (scene: Scene) => Promise<void>, user?: number): Promise<void> {
  await withTrialFolder(async (folder) => {
    const scene = { folder, program: new Program(folder), root: join(folder, 'app'), place: join(folder, 'place') }
    for (const path of [scene.root, scene.place, join(folder, 'state')]) mkdirSync(path)
    fill(scene.root)
    if (user !== undefined) for (const path of [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))]) chownSync(path, user, user)
    await succeed(scene, ['backup', scene.root, '--to', scene.place], user)
    await use(scene)
  })
}

async function succeed({ program }: Pick<Scene, 'program'>, args: readonly string[], user?: number): Promise<void> {
  const { status, stdout, stderr } = await program.run([...args, '--no-ask'], user === undefined ? {} : { uid: user, gid: user })
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`)
}

test('a folder comes back over a file and over a link that stand in its place', async () => {
  await withBackup((root) => {
    for (const name of ['one', 'two']) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'inside'), name)
    }
  }, async ({ program, root, place }) => {
    const before = describeTree(root)
    rmSync(join(root, 'one'), { recursive: true })
    writeFileSync(join(root, 'one'), 'a file')
    rmSync(join(root, 'two'), { recursive: true })
    symlinkSync('/etc', join(root, 'two'))
    await succeed({ program }, ['restore', 'latest', '--from', place, '--target', root])
    assert.deepEqual(differences(describeTree(root), before), [])
  })
})

test('an ordinary user restores folders that nobody may write to, and gets the former ones back', async () => {
  const fill = (root: string): void => {
    for (const name of ['stays', 'goes']) {
      mkdirSync(join(root, name))
      writeFileSync(join(root, name, 'inside'), name)
      chmodSync(join(root, name), 0o555)
    }
  }
  await withBackup(fill, async ({ program, root, place }) => {
    const saved = describeTree(root)
    for (const name of ['stays', 'goes']) chmodSync(join(root, name), 0o755)
    rmSync(join(root, 'goes'), { recursive: true })
    writeFileSync(join(root, 'stays/inside'), 'changed')
    chmodSync(join(root, 'stays'), 0o555)
    mkdirSync(join(root, 'new'))
    writeFileSync(join(root, 'new/inside'), 'new')
    chmodSync(join(root, 'new'), 0o555)
    for (const name of ['new', 'new/inside']) chownSync(join(root, name), nobody, nobody)
    const changed = describeTree(root)
    await succeed({ program }, ['restore', 'latest', '--from', place, '--target', root], nobody)
    assert.deepEqual(differences(describeTree(root), saved), [])
    await succeed({ program }, ['restore', '--undo', '--target', root], nobody)
    assert.deepEqual(differences(describeTree(root), changed), [])
  }, nobody)
})

test('rolling back a restore into a folder that was not there takes the folder away again', async () => {
  await withBackup((root) => {
    for (let number = 0; number < 400; number++) writeFileSync(join(root, `file-${number}`), 'content')
  }, async ({ program, folder, place }) => {
    const target = join(folder, 'target')
    const { signal } = await program.run(['restore', 'latest', '--from', place, '--target', target, '--no-ask'], { killAt: inSwap })
    assert.equal(signal, 'SIGKILL')
    const { status } = await program.run(['restore', '--rollback', '--target', target, '--no-ask'])
    // Where the kill came after the end there is nothing to roll back; undoing it must do the same.
    if (status !== 0) await succeed({ program }, ['restore', '--undo', '--target', target])
    assert.equal(existsSync(target), false)
  })
})

test('a folder that somebody removed after a restore does not keep it from being undone', async () => {
  await withBackup((root) => {
    mkdirSync(join(root, 'docs'))
    for (const name of ['a', 'b']) writeFileSync(join(root, 'docs', name), name)
  }, async ({ program, root, place }) => {
    writeFileSync(join(root, 'docs/a'), 'changed')
    await succeed({ program }, ['restore', 'latest', '--from', place, '--target', root])
    rmSync(join(root, 'docs'), { recursive: true })
    await succeed({ program }, ['restore', '--undo', '--target', root])
    assert.match(describeTree(root).get('./docs/a') ?? '', /^file/)
  })
})

test('a status that looks at the same moment does not make a backup fail as locked', async () => {
  await withBackup((root) => writeFileSync(join(root, 'file'), 'content'), async ({ program, root, place }) => {
    // In a row, so that one of them surely looks when a backup takes the lock.
    const looking = (async () => {
      for (let count = 0; count < 8; count++) await program.run(['status', root, '--place', place])
    })()
    try {
      for (let count = 0; count < 3; count++) await succeed({ program }, ['backup', root, '--to', place])
    } finally {
      await looking
    }
  })
})
