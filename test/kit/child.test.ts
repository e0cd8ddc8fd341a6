import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../src/kit/app-error.ts'
import { childOutput, childText } from '../../src/kit/child.ts'
import type { ChildOptions } from '../../src/kit/child.ts'
import { processStartTicks } from '../../src/kit/process-identity.ts'

const signal = new AbortController().signal
const shell = async (script: string, options: Partial<ChildOptions> = {}): Promise<string> => childText('/bin/sh', ['-c', script], { signal, ...options })

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (processStartTicks(pid) === undefined) return true
    await sleep(10)
  }
  return false
}

test('what a program prints is whole, or an error tells its status and last words', async () => {
  assert.equal(await shell('cat; echo done', { stdin: Buffer.from('given ') }), 'given done\n')
  await assert.rejects(shell('echo half; echo why >&2; exit 3'), { code: 'process.failed', message: '/bin/sh failed (status 3): why' })
  await assert.rejects(shell('kill -9 $$'), { code: 'process.failed', message: '/bin/sh failed (SIGKILL)' })
  await assert.rejects(childText('/no/such/program', [], { signal }), { code: 'process.missing' })
})

test('a cancel, a time limit and a reader that leaves end all processes of the group', async () => {
  const script = 'sleep 100 & echo $!; wait'
  const cancel = new AbortController()
  const ends: readonly (readonly [string | undefined, Partial<ChildOptions>])[] = [['interrupted', { signal: cancel.signal }], ['process.timeout', { timeoutMs: 300 }], [undefined, {}]]
  for (const [code, options] of ends) {
    let pid = 0
    const reading = (async () => {
      for await (const bytes of childOutput('/bin/sh', ['-c', script], { signal, ...options })) {
        pid = Number(Buffer.from(bytes).toString())
        if (code === 'interrupted') cancel.abort()
        if (code === undefined) return
      }
    })()
    if (code === undefined) await reading
    else await assert.rejects(reading, code === 'interrupted' ? (error) => error instanceof AppError && error.code === code : { code })
    assert.ok(pid > 0 && (await isGone(pid)), `${code}: ${pid}`)
  }
})

test('a program that ends before it has read all is judged by its status, however long its input goes on', { timeout: 20_000 }, async () => {
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('first')
    await sleep(300)
    // More than the pipe takes, to a program that has ended.
    for (let i = 0; i < 10; i++) yield Buffer.alloc(256 * 1024)
  }
  assert.equal(await shell('echo enough', { stdin: slow() }), 'enough\n')
  await assert.rejects(shell('exit 4', { stdin: slow() }), { code: 'process.failed' })
})

test('an input that fails ends the program, which would take the half for the whole', async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half')
    throw new AppError('archive.damaged', 'The archive is damaged')
  }
  await assert.rejects(shell('cat; echo imported', { stdin: broken() }), (error) => error instanceof AppError && (error.code === 'archive.damaged' || (error.cause as AppError).code === 'archive.damaged'))
})

test('a program gets few of our variables, and those that are given to it', async () => {
  process.env['HOLDFAST_TEST_PRIVATE'] = 'private'
  assert.equal(await shell('echo "$HOLDFAST_TEST_PRIVATE:$GIVEN"', { env: { GIVEN: 'given' } }), ':given\n')
  delete process.env['HOLDFAST_TEST_PRIVATE']
})
