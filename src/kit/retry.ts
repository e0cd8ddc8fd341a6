import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from './app-error.ts'

export type Backoff = { readonly firstMs: number; readonly maxMs: number }

/** How long to wait before the attempt after `failures` failures in a row: doubled each time, and up to a fifth shorter by chance, so that many do not come at once. */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff, random: () => number = Math.random): number {
  const wholeMs = Math.min(maxMs, firstMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return Math.round(wholeMs * (1 - random() / 5))
}

export type RetryOptions = Backoff & { readonly attempts: number; readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown> }

/** Tries until it succeeds, an error says that trying again is of no use (`retry` is not set), or the attempts are used up; then throws the last error. */
export async function retry<Value>(attempt: () => Promise<Value>, { attempts, wait = (ms, signal) => sleep(ms, undefined, { signal }), ...backoff }: RetryOptions, signal: AbortSignal): Promise<Value> {
  for (let failures = 1; ; failures++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof AppError && error.retry) || failures >= attempts || signal.aborted) throw error
    }
    try {
      await wait(backoffMs(failures, backoff), signal)
    } catch {
      throw new AppError('interrupted', 'Waiting for another attempt was interrupted')
    }
  }
}
