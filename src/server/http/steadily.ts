import { AppError } from '../../kit/app-error.ts'

type Patience = { readonly idleMs: number; readonly wholeMs?: number; readonly signal?: AbortSignal }

/**
 * The pieces of a request's body, as long as they keep coming. @throws AppError `usage` where nothing comes for `idleMs`, all of it
 * takes longer than `wholeMs`, or `signal` is aborted.
 */
export async function* steadily(body: AsyncIterable<Uint8Array>, { idleMs, wholeMs, signal }: Patience): AsyncGenerator<Uint8Array, void, undefined> {
  const pieces = body[Symbol.asyncIterator]()
  const endMs = wholeMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + wholeMs
  try {
    for (;;) {
      const next = await within(pieces.next(), Math.min(idleMs, endMs - performance.now()), signal)
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // Not waited for: what does not come does not end either.
    pieces.return?.()?.then(undefined, () => undefined)
  }
}

async function within<Result>(coming: Promise<Result>, ms: number, signal: AbortSignal | undefined): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>()
  const giveUp = (): void => reject(new AppError('usage', 'The rest of the request did not come'))
  const timer = setTimeout(giveUp, Math.max(0, ms))
  signal?.addEventListener('abort', giveUp)
  if (signal?.aborted === true) giveUp()
  try {
    return await Promise.race([coming, promise])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}
