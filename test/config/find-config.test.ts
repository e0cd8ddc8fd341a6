import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultPaths } from '../../src/config/default-paths.ts'
import { findConfig, usualConfigFiles } from '../../src/config/find-config.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('the named file goes before the variable, the variable before the home folder', async (t) => {
  const home = await temporaryFolder(t)
  await mkdir(join(home, '.config/holdfast'), { recursive: true })
  const [named, variable, own] = [join(home, 'named.yaml'), join(home, 'variable.yaml'), join(home, '.config/holdfast/holdfast.yaml')]
  for (const file of [named, variable, own]) await writeFile(file, 'apps: {}')
  const env = { HOLDFAST_CONFIG: variable }
  assert.equal(await findConfig(named, { uid: 1000, home, env }), named)
  assert.equal(await findConfig(undefined, { uid: 1000, home, env }), variable)
  assert.equal(await findConfig(undefined, { uid: 1000, home, env: {} }), own)
})

test('a named file that is not there is an error, not a reason to take another', async (t) => {
  const home = await temporaryFolder(t)
  await assert.rejects(findConfig(join(home, 'none.yaml'), { uid: 1000, home, env: {} }), { code: 'config.missing', hint: /--config/ })
  await assert.rejects(findConfig(undefined, { uid: 1000, home, env: { HOLDFAST_CONFIG: join(home, 'none.yaml') } }), { code: 'config.missing', hint: /HOLDFAST_CONFIG/ })
})

test('a file in the working folder is never taken unless it is named', async (t) => {
  const home = await temporaryFolder(t)
  await writeFile(join(home, 'holdfast.yaml'), 'apps: {}')
  const before = process.cwd()
  process.chdir(home)
  t.after(() => process.chdir(before))
  assert.notEqual(await findConfig(undefined, { uid: 1000, home, env: {} }), join(home, 'holdfast.yaml'))
  assert.equal(await findConfig('holdfast.yaml', { uid: 1000, home, env: {} }), join(home, 'holdfast.yaml'))
})

test('the usual places and defaults follow the XDG folders where they are absolute', () => {
  assert.deepEqual(usualConfigFiles({ uid: 1000, home: '/home/ann', env: { XDG_CONFIG_HOME: '/home/ann/etc' } }), ['/home/ann/etc/holdfast/holdfast.yaml', '/etc/holdfast/holdfast.yaml'])
  assert.deepEqual(defaultPaths({ uid: 1000, home: '/home/ann', env: { XDG_DATA_HOME: 'relative', XDG_STATE_HOME: '/s' } }), { place: '/home/ann/.local/share/holdfast/backups', state: '/s/holdfast' })
  assert.deepEqual(defaultPaths({ uid: 0, home: '/root', env: { XDG_DATA_HOME: '/d' } }), { place: '/var/backups/holdfast', state: '/var/lib/holdfast' })
})
