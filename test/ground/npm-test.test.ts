import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const project = join(import.meta.dirname, '../..')
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-npm-test-'))
  await cp(join(project, 'scripts'), join(folder, 'scripts'), { recursive: true })
  await symlink(join(project, 'node_modules'), join(folder, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
})
after(() => rm(folder, { recursive: true, force: true }))

/** Runs the test script of a stand-in project that holds the given test files. */
async function npmTest(files: Record<string, string>, signalAfterMs?: number): Promise<{ status: number | null; lines: string[] }> {
  await rm(join(folder, 'test'), { recursive: true, force: true })
  await mkdir(join(folder, 'test'))
  for (const [name, body] of Object.entries(files)) await writeFile(join(folder, 'test', name), `import { test } from 'node:test'\n${body}\n`)
  const env = { ...process.env }
  // Without this the runner would take the stand-in's tests for our own and run none.
  delete env['NODE_TEST_CONTEXT']
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', join(folder, 'scripts/test.ts'), 'test/'], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part })
  if (signalAfterMs !== undefined) setTimeout(() => child.kill('SIGTERM'), signalAfterMs)
  const [status] = await once(child, 'close')
  return { status, lines: text.trimEnd().split('\n') }
}

test('passing tests of all files are counted, and the last line says how many', async () => {
  const { status, lines } = await npmTest({ 'a.test.ts': "test('one', () => {})\ntest('two', async (t) => { await t.test('inner', () => {}) })", 'b.test.ts': "test('three', () => {})" })
  assert.equal(lines.at(-1), '4 passed, 0 failed')
  assert.equal(status, 0)
})

test('a failing test is shown with its file and message, and makes the whole fail', async () => {
  const { status, lines } = await npmTest({ 'a.test.ts': "test('one', () => {})", 'b.test.ts': "test('it holds water', () => { throw new Error('it leaks') })" })
  assert.equal(lines.at(-1), '1 passed, 1 failed')
  assert.equal(status, 1)
  for (const expected of ['✖ it holds water', 'test/b.test.ts', 'it leaks']) assert.ok(lines.some((line) => line.includes(expected)), expected)
})

const broken = {
  'a skipped test': "test.skip('one', () => {})\ntest('two', () => {})",
  'a test that is still to do': "test.todo('one')\ntest('two', () => {})",
  'a file without a test': 'export {}',
  'a file that cannot be loaded': "import './missing.ts'\ntest('one', () => {})",
  'a file that ends its process': "test('one', () => { process.exit(1) })",
  'a promise that is rejected unseen': "test('one', () => { void Promise.reject(new Error('unseen')) })",
}
for (const [name, body] of Object.entries(broken)) {
  test(`${name} counts as failed`, async () => {
    const { status, lines } = await npmTest({ 'a.test.ts': body, 'b.test.ts': "test('fine', () => {})" })
    assert.match(lines.at(-1) ?? '', /^\d+ passed, [1-9]\d* failed$/)
    assert.equal(status, 1)
  })
}

test('no test at all is a failure', async () => {
  const { status, lines } = await npmTest({})
  assert.match(lines.at(-1) ?? '', /^0 passed, [1-9]\d* failed$/)
  assert.equal(status, 1)
})

test('a process that a test left behind is ended, also when it has a session of its own and its parent is gone', async () => {
  const pidFile = join(folder, 'pid')
  const { lines } = await npmTest({ 'a.test.ts': `
    import { spawn } from 'node:child_process'
    import { writeFileSync } from 'node:fs'
    test('leaves a sleeper', () => {
      const child = spawn('sleep', ['3333'], { detached: true, stdio: 'ignore' })
      child.unref()
      writeFileSync(${JSON.stringify(pidFile)}, String(child.pid))
    })` })
  assert.ok(lines.some((line) => line.includes('left running and ended now: sleep 3333')), lines.join('\n'))
  assert.equal(lines.at(-1), '1 passed, 0 failed')
})

test('when it is stopped its test processes are gone and the last line still stands', async () => {
  const started = Date.now()
  const { status, lines } = await npmTest({ 'a.test.ts': "import { spawn } from 'node:child_process'\ntest('hangs', async () => { spawn('sleep', ['4444']); await new Promise((resolve) => setTimeout(resolve, 60_000)) })" }, 1500)
  assert.equal(status, 130)
  assert.equal(lines.at(-1), '0 passed, 1 failed')
  assert.ok(Date.now() - started < 20_000)
})
