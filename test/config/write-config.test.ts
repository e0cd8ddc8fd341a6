import assert from 'node:assert/strict'
import { chmod, chown, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load-config.ts'
import { addApplication, writeNewConfig } from '../../src/config/write-config.ts'
import { temporaryFolder } from './temporary-folder.ts'

const shop = { name: 'shop', app: { root: '/srv/shop', keep: { daily: 7 } } }

test('a new file is made with its folder, for the owner alone or for a group', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'etc/holdfast/holdfast.yaml')
  await addApplication(file, shop)
  assert.equal((await stat(file)).mode & 0o7777, 0o600)
  assert.equal((await loadConfig(file)).apps['shop']?.root, '/srv/shop')
  const shared = join(folder, 'shared.yaml')
  await addApplication(shared, shop, { gid: 1234 })
  const { mode, gid } = await stat(shared)
  assert.deepEqual([mode & 0o7777, gid], [0o640, 1234])
})

test('comments, order, mode and owner of what is there stay', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'holdfast.yaml')
  const before = '# ours\n\nplace: /mnt/b # the big disk\napps:\n  # the first\n  demo:\n    root: /srv/demo # here\n'
  await writeFile(file, before)
  await chown(file, 1000, 1001)
  await chmod(file, 0o640)
  await addApplication(file, { ...shop, vaults: { nas: { type: 'archive', place: '/mnt/nas' } } })
  const after = await readFile(file, 'utf8')
  assert.ok(after.startsWith(before), after)
  assert.match(after, / {2}shop:\n {4}root: \/srv\/shop\n {4}keep:\n {6}daily: 7\nvaults:\n {2}nas:\n/)
  const { mode, uid, gid } = await stat(file)
  assert.deepEqual([mode & 0o7777, uid, gid], [0o640, 1000, 1001])
  assert.deepEqual(await readdir(folder), ['holdfast.yaml'], 'no temporary file is left')
})

test('an empty section, an empty file and one of comments get their first application', async (t) => {
  const file = join(await temporaryFolder(t), 'holdfast.yaml')
  for (const before of ['', '# later\n', 'apps: {}\n']) {
    await writeFile(file, before, { mode: 0o600 })
    await addApplication(file, shop)
    assert.ok((await loadConfig(file)).apps['shop'], before)
    assert.match(await readFile(file, 'utf8'), /apps:\n {2}shop:\n/)
  }
})

test('a name that is there already, a broken file and an invalid application change nothing', async (t) => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'holdfast.yaml')
  for (const [before, added, code] of [
    ['apps: {shop: {root: /x}}\n', shop, 'usage'],
    ['apps: {demo: {root: [\n', shop, 'config.invalid'],
    ['apps: {demo: {root: /x}}\n', { name: 'bad name', app: { root: '/x' } }, 'config.invalid'],
  ] as const) {
    await writeFile(file, before)
    await assert.rejects(addApplication(file, added), { code })
    assert.equal(await readFile(file, 'utf8'), before)
  }
  assert.deepEqual(await readdir(folder), ['holdfast.yaml'])
})

test('a link to the configuration stays a link', async (t) => {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'real'))
  await writeFile(join(folder, 'real/c.yaml'), 'apps: {}\n', { mode: 0o600 })
  await symlink('real/c.yaml', join(folder, 'link.yaml'))
  await addApplication(join(folder, 'link.yaml'), shop)
  assert.match(await readFile(join(folder, 'real/c.yaml'), 'utf8'), /shop/)
})

test('a whole new configuration never replaces one', async (t) => {
  const file = join(await temporaryFolder(t), 'holdfast.yaml')
  await writeNewConfig(file, 'apps: {demo: {root: /x}}\n')
  await assert.rejects(writeNewConfig(file, 'apps: {demo: {root: /y}}\n'), { code: 'storage.exists' })
  await assert.rejects(writeNewConfig(`${file}2`, 'apps: 5\n'), { code: 'config.invalid' })
})
