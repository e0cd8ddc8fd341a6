import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { backoffMs, retry } from '../../src/kit/retry.ts'

const { signal } = new AbortController()

test('the time between attempts doubles up to its bound, and is never the same for all', () => {
  const times = [1, 2, 3, 4, 50].map((failures) => backoffMs(failures, { firstMs: 100, maxMs: 500 }, () => 0))
  assert.deepEqual(times, [100, 200, 400, 500, 500])
  assert.equal(backoffMs(1, { firstMs: 100, maxMs: 500 }, () => 0.999), 80)
})

test('only what may succeed later is tried again, and only so often', async () => {
  const waits: number[] = []
  const run = async (retryable: boolean, good: number): Promise<number> => {
    let count = 0
    await retry(async () => {
      count++
      if (count < good) throw new AppError('network.failed', `${count}`, { retry: retryable })
    }, { attempts: 3, firstMs: 10, maxMs: 20, wait: async (ms) => { waits.push(ms) } }, signal).catch((error: unknown) => { assert.ok(error instanceof AppError); count = -count })
    return count
  }
  assert.equal(await run(true, 3), 3)
  assert.equal(await run(true, 9), -3, 'the last error is thrown')
  assert.equal(await run(false, 2), -1)
  assert.equal(waits.length, 4)
})

test('an interruption ends the wait', async () => {
  const cancel = new AbortController()
  const trying = retry(() => Promise.reject(new AppError('network.failed', '', { retry: true })), { attempts: 9, firstMs: 60_000, maxMs: 60_000 }, cancel.signal)
  setTimeout(() => cancel.abort(), 20)
  await assert.rejects(trying, { code: 'interrupted' })
})
