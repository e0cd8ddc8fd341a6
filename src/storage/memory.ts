import { AppError } from '../kit/app-error.ts'
import type { BodyChunk, PutOptions, Storage, StoredItem } from '../model/storage.ts'
import { requireKey, requireRange } from './storage-key.ts'

type Stored = { readonly bytes: Buffer; readonly modifiedAt: Date }

/** A storage that lives as long as the process: for tests and trial runs. */
export class MemoryStorage implements Storage {
  readonly #items = new Map<string, Stored>()
  readonly #now: () => Date

  constructor(now: () => Date = () => new Date()) {
    this.#now = now
  }

  async put(key: string, body: AsyncIterable<BodyChunk>, options: PutOptions): Promise<{ sizeBytes: number }> {
    requireKey(key)
    this.#refuse(key, options.replace)
    const bytes = await collect(body, options.signal)
    const settled = options.settle?.() ?? { key, replace: options.replace }
    requireKey(settled.key)
    this.#refuse(settled.key, settled.replace)
    this.#items.set(settled.key, { bytes, modifiedAt: this.#now() })
    return { sizeBytes: bytes.length }
  }

  async *get(key: string, range: { start: number; end: number } | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    requireKey(key)
    const item = this.#items.get(key)
    if (item === undefined) throw new AppError('storage.missing', `${key} is not there`)
    const { start, end } = requireRange(range, item.bytes.length, key)
    for (let at = start; at < end; at += 65536) {
      signal.throwIfAborted()
      yield new Uint8Array(item.bytes.subarray(at, Math.min(at + 65536, end)))
    }
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<StoredItem, void, undefined> {
    for (const [key, { bytes, modifiedAt }] of new Map(this.#items)) {
      signal.throwIfAborted()
      if (key.startsWith(prefix)) yield { key, sizeBytes: bytes.length, modifiedAt }
    }
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    requireKey(key)
    signal.throwIfAborted()
    this.#items.delete(key)
  }

  async usage(): Promise<{ freeBytes?: number }> {
    return {}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#items.clear()
  }

  #refuse(key: string, replace: boolean): void {
    if (!replace && this.#items.has(key)) throw new AppError('storage.exists', `${key} is already there`)
  }
}

async function collect(body: AsyncIterable<BodyChunk>, signal: AbortSignal): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const patches: { at: number; bytes: Uint8Array }[] = []
  for await (const chunk of body) {
    signal.throwIfAborted()
    if (chunk instanceof Uint8Array) parts.push(Uint8Array.from(chunk))
    else patches.push({ at: chunk.at, bytes: Uint8Array.from(chunk.bytes) })
  }
  signal.throwIfAborted()
  const bytes = Buffer.concat(parts)
  for (const patch of patches) bytes.set(patch.bytes, patch.at)
  return bytes
}
