import { AppError } from '../../kit/app-error.ts'
import { openContentFile } from '../../disk/content-file.ts'
import type { Entry } from '../../model/entry.ts'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'

/** Archives of others may lead from name to name for ever. */
const mostNames = 8

/**
 * One file's content out of a restore point. What does not match its record breaks the stream off: whoever reads to the end
 * has the file as it was saved. A hardlink gives its first name's content. Who does not read to the end must cancel.
 *
 * @throws AppError `usage` where there is no such file, `archive.damaged`, `archive.password`.
 */
export async function memberStream(vault: Vault, id: string, path: string, run: Run, names = 1): Promise<{ readonly body: ReadableStream<Uint8Array>; readonly sizeBytes: number | undefined }> {
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  const inner: Run = { signal, emit: (event) => run.emit(event), now: () => run.now() }
  const entries = vault.open(id, (candidate) => candidate === path, inner, 'content')[Symbol.asyncIterator]()
  const end = async (): Promise<void> => {
    stop.abort()
    // It closes the files that it holds; that it was broken off is no news.
    await entries.return?.(undefined)?.then(undefined, () => undefined)
  }
  let next = await entries.next()
  while (next.done !== true && next.value.path !== path) next = await entries.next()
  const entry: Entry | undefined = next.done === true ? undefined : next.value
  if (entry?.hardlinkTo !== undefined && names < mostNames) {
    await end()
    return await memberStream(vault, id, entry.hardlinkTo, run, names + 1)
  }
  if (entry === undefined || entry.kind !== 'file' || entry.hardlinkTo !== undefined) {
    await end()
    throw new AppError('usage', 'There is no such file in this restore point')
  }
  const content = contentOf(entry, signal)
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const piece = await content.next()
        if (piece.done !== true) {
          // A copy: readers may use their buffers again.
          controller.enqueue(Uint8Array.from(piece.value))
          return
        }
        // The end of the archive tells whether what was read is as it was saved.
        while ((await entries.next()).done !== true);
      } catch (error) {
        await end()
        throw error
      }
      controller.close()
    },
    async cancel() {
      stop.abort()
      await content.return().then(undefined, () => undefined)
      await end()
    },
  }, { highWaterMark: 2 })
  return { body, sizeBytes: entry.size }
}

/** An entry's bytes, wherever they lie. */
export async function* contentOf(entry: Entry, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.open !== undefined) {
    yield* entry.open(signal)
  } else if (entry.onDisk !== undefined) {
    using file = openContentFile(entry.onDisk, { dev: entry.dev, ino: entry.ino })
    for (let position = 0; ;) {
      signal.throwIfAborted()
      const buffer = Buffer.allocUnsafe(1 << 18)
      const count = file.readSync(buffer, position)
      if (count === 0) return
      yield buffer.subarray(0, count)
      position += count
    }
  }
}
