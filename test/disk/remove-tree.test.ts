import { equal } from 'node:assert/strict'
import { chmodSync, chownSync, existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { removeTree } from '../../src/disk/remove-tree.ts'
import { withFolder } from './support.ts'

test('a tree that is deeper than any path may be long is removed', async () => {
  await withFolder(async (folder) => {
    const root = join(folder, 'root')
    const name = 'n'.repeat(100)
    // Built from its end: each step puts what there is so far one folder deeper.
    mkdirSync(root)
    for (let level = 0; level < 200; level++) {
      mkdirSync(join(folder, 'next'))
      writeFileSync(join(folder, 'next', 'file'), 'x')
      renameSync(root, join(folder, 'next', name))
      renameSync(join(folder, 'next'), root)
    }
    await removeTree(root)
    equal(existsSync(root), false)
  })
})

test('removing a tree that is not there is no error', async () => {
  await withFolder(async (folder) => removeTree(join(folder, 'missing')))
})

test('an ordinary user removes folders that not even the owner may read or write', async () => {
  await withFolder(async (folder) => {
    mkdirSync(join(folder, 'root/closed/deeper'), { recursive: true })
    writeFileSync(join(folder, 'root/closed/deeper/file'), 'x')
    chmodSync(join(folder, 'root/closed/deeper'), 0o000)
    chmodSync(join(folder, 'root/closed'), 0o000)
    for (const path of ['', 'root', 'root/closed', 'root/closed/deeper', 'root/closed/deeper/file']) chownSync(join(folder, path), 65_534, 65_534)
    process.seteuid?.(65_534)
    try {
      await removeTree(join(folder, 'root'))
    } finally {
      process.seteuid?.(0)
    }
    equal(existsSync(join(folder, 'root')), false)
  })
})

test('links are removed, not what they lead to', async () => {
  await withFolder(async (folder) => {
    for (const name of ['root', 'outside']) mkdirSync(join(folder, name))
    writeFileSync(join(folder, 'outside/file'), 'x')
    symlinkSync('../outside', join(folder, 'root/link'))
    await removeTree(join(folder, 'root'))
    equal(existsSync(join(folder, 'root')), false)
    equal(existsSync(join(folder, 'outside/file')), true)
  })
})
