import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { patchConfig, putConfig, readConfigText } from '../../src/config/edit-config.ts'
import { temporaryFolder } from './temporary-folder.ts'

async function fileOf(t: TestContext, text: string): Promise<string> {
  const file = join(await temporaryFolder(t), 'holdfast.yaml')
  await writeFile(file, text, { mode: 0o600 })
  return file
}

const two = `apps:
  demo:
    root: /srv/demo
    databases:
      - {type: mariadb, name: one, user: u1, password: canary-1} # the first
      - {type: mariadb, name: two, user: u2, password: canary-2}
`
const words = /\(unchanged secret [0-9a-f]{16}\)/g

test('a secret goes with the item that it stands in, wherever that is moved, in the text and in the form', async (t) => {
  const file = await fileOf(t, two)
  const shown = await readConfigText(file)
  const [, second] = shown.text.match(words) ?? []
  assert.ok(second !== undefined && !shown.text.includes('canary'))
  await putConfig(file, shown.etag, shown.text.split('\n').filter((line) => !line.includes('name: one')).join('\n'))
  assert.deepEqual((await readFile(file, 'utf8')).match(/canary-\d/g), ['canary-2'])
  await writeFile(file, two)
  await patchConfig(file, shown.etag, [{ path: ['apps', 'demo', 'databases'], value: [{ type: 'mariadb', name: 'two', user: 'u2', password: second }] }])
  assert.deepEqual((await readFile(file, 'utf8')).match(/canary-\d/g), ['canary-2'])
  await writeFile(file, two)
  await putConfig(file, shown.etag, shown.text)
  assert.deepEqual((await readFile(file, 'utf8')).match(/canary-\d|# the first/g), ['canary-1', '# the first', 'canary-2'])
})

test('what stands for a secret is told from another one, and is refused where it was not shown', async (t) => {
  const same = two.replace('canary-2', 'canary-1')
  const file = await fileOf(t, same)
  const { text, etag } = await readConfigText(file)
  assert.equal(new Set(text.match(words)).size, 2, 'that two are the same is not seen')
  for (const unknown of ['(unchanged secret)', '(unchanged secret 0123456789abcdef)']) {
    await assert.rejects(putConfig(file, etag, text.replace(words, unknown)), { code: 'config.invalid' })
    await assert.rejects(patchConfig(file, etag, [{ path: ['apps', 'demo', 'password'], value: unknown }]), { code: 'config.invalid' })
  }
  assert.equal(await readFile(file, 'utf8'), same)
})

test('secrets in comments are not shown, and stay', async (t) => {
  const before = `# password: canary-0\napps:\n  demo:\n    root: '/srv/# password: no comment'\n    # - {user: u, apiToken: canary-3}\n    # password: {file: /etc/pw}\n    # the key is under the mat\n    exclude:\n      - |\n        # password: no comment either\n`
  const file = await fileOf(t, before)
  const { text, etag } = await readConfigText(file)
  assert.ok(!text.includes('canary'))
  assert.equal(text.replaceAll(words, '…'), before.replace('canary-0', '…').replace('canary-3}', '…'))
  await putConfig(file, etag, `${text}    # mine\n`)
  assert.equal(await readFile(file, 'utf8'), `${before}    # mine\n`)
})

test('anchors and aliases are kept, and what cannot be set says why', async (t) => {
  const before = `apps:
  demo: &d
    root: /srv/demo
    password: &pw canary-4
    format: zip
  two:
    <<: *d
    root: /srv/two
  three:
    root: /srv/three
    password: *pw
    format: zip
  four: *d
`
  const file = await fileOf(t, before)
  const { text, etag } = await readConfigText(file)
  assert.equal(text.replaceAll(words, 'canary-4'), before)
  await putConfig(file, etag, text)
  assert.equal(await readFile(file, 'utf8'), before)
  const set = async (path: readonly string[], value: unknown): Promise<void> => await patchConfig(file, etag, [{ path, value }])
  await assert.rejects(set(['apps', 'demo', 'password'], 'other'), { code: 'config.invalid', message: /"&pw".*is used in other places too/ })
  await assert.rejects(set(['apps', 'demo'], null), { code: 'config.invalid', message: /is used in other places too/ })
  await assert.rejects(set(['apps', 'four', 'root'], '/srv/4'), { code: 'config.invalid', message: /apps\.four is written as "\*d"/ })
  await assert.rejects(set(['apps', 'demo', 'root', 'x'], 1), { code: 'config.invalid', message: /apps\.demo\.root is a single value/ })
  await assert.rejects(set(['apps', 'demo', 'root', 'x'], null), { code: 'config.invalid' })
  await assert.rejects(putConfig(file, etag, text.replace('&pw ', '')), { code: 'config.invalid' })
  assert.equal(await readFile(file, 'utf8'), before)
  await set(['apps', 'three', 'password'], 'other')
  assert.match(await readFile(file, 'utf8'), /password: other/)
})
