import { closeSync, openSync, readSync } from 'node:fs'
import { systemPath } from '../../disk/name-codec.ts'
import { AppError } from '../../kit/app-error.ts'
import { breather } from '../breathe.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveBytes } from '../format.ts'

type Part = { readonly start: number; readonly bytes: Uint8Array }

const leastBytes = 64 * 1024
const mostBytes = 1024 * 1024

/**
 * Random access to an archive's bytes, with reading ahead that grows as long as one reads on and starts anew after a jump.
 * What it gives is never written over.
 */
export class ArchiveWindow implements Disposable {
  readonly sizeBytes: number
  readonly #source: ArchiveBytes
  readonly #signal: AbortSignal
  readonly #fd: number | undefined
  // Two, as members a little ahead are looked at before those behind them are read.
  #current: Part = { start: 0, bytes: new Uint8Array(0) }
  #previous: Part = this.#current
  #aheadBytes = leastBytes
  #isOpen = true

  constructor(source: ArchiveBytes, signal: AbortSignal) {
    this.#source = source
    this.#signal = signal
    this.sizeBytes = source.sizeBytes
    this.#fd = source.localPath === undefined ? undefined : openArchive(source.localPath)
  }

  /** The bytes, where they are at hand. */
  peek(start: number, end: number): Uint8Array | undefined {
    for (const { start: first, bytes } of [this.#current, this.#previous]) {
      if (start >= first && end <= first + bytes.length) return bytes.subarray(start - first, end - first)
    }
    return undefined
  }

  /** `end` is exclusive. @throws AppError `archive.damaged` where the archive ends before it. */
  async read(start: number, end: number): Promise<Uint8Array> {
    const known = this.peek(start, end)
    if (known !== undefined) return known
    this.#signal.throwIfAborted()
    const currentEnd = this.#current.start + this.#current.bytes.length
    const readsOn = start >= this.#current.start && start <= currentEnd
    this.#aheadBytes = readsOn ? Math.min(this.#aheadBytes * 2, mostBytes) : leastBytes
    const bytes = await this.#load(start, Math.min(Math.max(end, start + this.#aheadBytes), this.sizeBytes))
    if (bytes.length < end - start) throw damaged('it ends too early')
    this.#previous = this.#current
    this.#current = { start, bytes }
    return bytes.subarray(0, end - start)
  }

  /** A longer run of bytes in pieces, past the window. @throws AppError `archive.damaged` where the archive ends before it. */
  async *stream(start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
    let at = start
    if (this.#fd === undefined) {
      for await (const bytes of this.#source.range(start, end, this.#signal)) {
        at += bytes.length
        yield bytes
      }
    } else {
      const breath = breather()
      while (at < end) {
        const pause = breath()
        if (pause !== undefined) await pause
        const bytes = await this.#load(at, Math.min(end, at + leastBytes * 4))
        if (bytes.length === 0) break
        at += bytes.length
        yield bytes
      }
    }
    if (at !== end) throw damaged('it ends too early')
  }

  [Symbol.dispose](): void {
    this.#isOpen = false
    if (this.#fd !== undefined) closeSync(this.#fd)
  }

  async #load(start: number, end: number): Promise<Uint8Array> {
    this.#signal.throwIfAborted()
    // Members that were prepared may still be on their way; the descriptor may be another file's by now.
    if (!this.#isOpen) throw new AppError('internal', 'The archive is closed already')
    if (end <= start) return new Uint8Array(0)
    const target = Buffer.allocUnsafeSlow(end - start)
    let used = 0
    if (this.#fd === undefined) {
      for await (const bytes of this.#source.range(start, end, this.#signal)) {
        if (used + bytes.length > target.length) throw new AppError('storage.failed', 'The storage gave more bytes than were asked for')
        target.set(bytes, used)
        used += bytes.length
      }
    } else {
      for (let count = 1; count > 0 && used < target.length; used += count) count = readSync(this.#fd, target, used, target.length - used, start + used)
    }
    return target.subarray(0, used)
  }
}

function openArchive(path: string): number {
  try {
    return openSync(systemPath(path), 'r')
  } catch (cause) {
    throw new AppError('storage.failed', `${path} cannot be opened`, { hint: 'Check that it exists and may be read.', cause })
  }
}
