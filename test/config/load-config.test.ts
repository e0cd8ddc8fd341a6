import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { loadConfig } from '../../src/config/load-config.ts'
import { temporaryFolder } from './temporary-folder.ts'

const plain = 'apps: {demo: {root: /srv/demo}}\n'
const literal = 'apps: {demo: {root: /srv/demo, password: hunter2-canary}}\n'
const root = { uid: 0, home: '/root', env: {} }
const ann = { uid: 1000, home: '/home/ann', env: {} }

async function fileWith(context: TestContext, content: string | Uint8Array, mode: number, uid = 0, gid = 0): Promise<string> {
  const file = join(await temporaryFolder(context), 'holdfast.yaml')
  await writeFile(file, content)
  await chown(file, uid, gid)
  await chmod(file, mode)
  return file
}

test('a file of root or of one\'s own is read', async (t) => {
  assert.ok((await loadConfig(await fileWith(t, plain, 0o644), root)).apps['demo'])
  assert.ok((await loadConfig(await fileWith(t, plain, 0o644), ann)).apps['demo'])
  assert.ok((await loadConfig(await fileWith(t, plain, 0o600, 1000, 1000), ann)).apps['demo'])
})

test('another user\'s file is refused, even for root', async (t) => {
  await assert.rejects(loadConfig(await fileWith(t, plain, 0o644, 1000), root), { code: 'config.unsafe', message: /belongs to another user \(1000\)/, hint: /chown root/ })
  await assert.rejects(loadConfig(await fileWith(t, plain, 0o644, 1001), ann), { code: 'config.unsafe' })
})

test('a file that others may write is refused', async (t) => {
  await assert.rejects(loadConfig(await fileWith(t, plain, 0o646), root), { code: 'config.unsafe', hint: /chmod o-w \// })
  await assert.rejects(loadConfig(await fileWith(t, plain, 0o664, 0, 1000), root), { code: 'config.unsafe', hint: /chmod g-w \// })
  assert.ok(await loadConfig(await fileWith(t, plain, 0o664), root), 'root\'s own group is root')
})

test('a password in a file that everybody may read is refused with the command that mends it', async (t) => {
  const file = await fileWith(t, literal, 0o644)
  await assert.rejects(loadConfig(file, root), { code: 'config.unsafe', message: `${file} holds a password and can be read by everybody`, hint: `chmod o-rwx ${file}` })
  execFileSync('chmod', ['o-rwx', file])
  assert.ok(await loadConfig(file, root))
})

test('a reference to a password may be read by everybody, a literal part may not', async (t) => {
  for (const reference of ['"${PW}"', '{env: PW}', '{file: /run/pw}', '{command: [pass, show]}']) {
    assert.ok(await loadConfig(await fileWith(t, literal.replace('hunter2-canary', reference), 0o644), root), reference)
  }
  for (const where of [literal.replace('hunter2-canary', '"x${PW}"'), `${plain}vaults: {nas: {type: archive, place: /b, password: pw}}\n`, 'apps: {demo: {root: /x, databases: [{type: mariadb, password: pw}]}}\n']) {
    await assert.rejects(loadConfig(await fileWith(t, where, 0o644), root), { code: 'config.unsafe' }, where)
  }
})

test('a file that is not UTF-8 is refused with its line', async (t) => {
  const file = await fileWith(t, Buffer.concat([Buffer.from('apps:\n  demo:\n    root: /srv/caf'), Buffer.from([0xe9]), Buffer.from('\n')]), 0o600)
  await assert.rejects(loadConfig(file, root), { code: 'config.invalid', message: `${file}:3: this line is not UTF-8 text` })
})

test('what is no ordinary file is refused at once', { timeout: 5000 }, async (t) => {
  const folder = await temporaryFolder(t)
  execFileSync('mkfifo', [join(folder, 'pipe')])
  await mkdir(join(folder, 'folder'))
  for (const name of ['pipe', 'folder']) await assert.rejects(loadConfig(join(folder, name), root), { code: 'config.missing', message: /is not a file$/ })
  await assert.rejects(loadConfig(join(folder, 'none'), root), { code: 'config.missing', message: /does not exist$/ })
})

test('a file too large for a configuration is refused', async (t) => {
  await assert.rejects(loadConfig(await fileWith(t, `# ${'x'.repeat(1024 * 1024)}\n`, 0o600), root), { code: 'config.invalid', message: /larger than 1 MB/ })
})
