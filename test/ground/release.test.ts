import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }
import { buildExecutable } from '../../scripts/build-executable.ts'
import { bundle } from '../../scripts/bundle.ts'

const run = promisify(execFile)
let folder = ''
let holdfast = ''
const env = { PATH: '/usr/bin:/bin', HOLDFAST_STATE: '' }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-release-'))
  env.HOLDFAST_STATE = join(folder, 'state')
  // Alone in its folder: nothing of the project can help it.
  holdfast = join(folder, 'alone/holdfast')
  await mkdir(join(folder, 'alone'))
  await mkdir(join(folder, 'made'))
  await buildExecutable(await bundle(join(folder, 'made')), { node: process.execPath, output: holdfast, tempFolder: join(folder, 'made'), strip: undefined, codeCache: true })
  await rm(join(folder, 'made'), { recursive: true })
})
after(() => rm(folder, { recursive: true, force: true }))

test('the single-file executable says its version, in silence otherwise, whatever NODE_OPTIONS are', async () => {
  const { stdout, stderr } = await run(holdfast, ['--version'], { cwd: '/', env: { ...env, NODE_OPTIONS: '--no-such-option' } })
  assert.equal(stdout.trim(), packageJson.version)
  assert.equal(stderr, '')
})

test('it starts in less than 200 ms', async () => {
  const times: number[] = []
  for (let round = 0; round < 10; round++) {
    const startMs = performance.now()
    await run(holdfast, ['--version'], { env })
    times.push(performance.now() - startMs)
  }
  // The best of them, since other tests run beside this one; "npm run release" asks the same of the median.
  assert.ok(Math.min(...times) < 200, `${times.map((time) => time.toFixed(0)).join(', ')} ms`)
})

test('it backs up, verifies and restores in every format, its workers included', async () => {
  const app = join(folder, 'app')
  await mkdir(join(app, 'inner'), { recursive: true })
  const text = 'a line that compresses\n'.repeat(200_000)
  await writeFile(join(app, 'inner/file.txt'), text)
  for (const format of ['zip', 'tar.gz', 'tar.zst', 'folder']) {
    const place = join(folder, `place ${format}`)
    const target = join(folder, `restored ${format}`)
    await run(holdfast, ['backup', app, '--to', place, '--format', format, '--no-ask'], { env })
    await run(holdfast, ['verify', 'latest', '--from', place], { env })
    await run(holdfast, ['restore', 'latest', '--from', place, '--target', target, '--no-ask'], { env })
    assert.equal(await readFile(join(target, 'inner/file.txt'), 'utf8'), text, format)
  }
})

test('it hands out the drop-in scripts with its own path in them, and starts itself again in the background', async () => {
  const stack = join(folder, 'stack')
  await mkdir(stack)
  await run(holdfast, ['drop-in', 'install', 'iotstack', stack], { env })
  assert.ok((await readFile(join(stack, 'scripts/backup.sh'), 'utf8')).includes(`\nprogram=${holdfast}\n`))
  // A place of its own: root's default one is the machine's.
  const config = join(folder, 'holdfast.yaml')
  await writeFile(config, JSON.stringify({ apps: {}, place: join(folder, 'touched') }), { mode: 0o600 })
  await run(holdfast, ['touch', stack], { env: { ...env, HOLDFAST_CONFIG: config } })
  const record = join(env.HOLDFAST_STATE, 'stack/touch/touch.json')
  for (let waited = 0; waited < 600 && !/doneDay|error/.test(await readFile(record, 'utf8')); waited++) await new Promise((resolve) => { setTimeout(resolve, 50) })
  assert.match(await readFile(record, 'utf8'), /"doneDay"/)
})
