import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ContentFile } from '../../disk/content-file.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Entry } from '../../model/entry.ts'
import type { CompressPool } from '../compress-pool.ts'
import { zerosOf } from '../zeros.ts'

/**
 * The content of one member in buffers of the pool, read and hashed here. Where a size is stated, it gives exactly that:
 * what is missing is zeros, what is too much is cut, and `problem` tells.
 */
export class MemberContent {
  readonly #entry: Entry
  readonly #pool: CompressPool
  readonly #signal: AbortSignal
  readonly #sha = createHash('sha256')
  readonly statedBytes: number | undefined
  sizeBytes = 0
  crc32 = 0
  problem: { readonly code: string; readonly message: string } | undefined

  constructor(entry: Entry, file: ContentFile | undefined, pool: CompressPool, signal: AbortSignal) {
    this.#entry = entry
    this.#pool = pool
    this.#signal = signal
    this.statedBytes = entry.size ?? file?.size
  }

  /** Full buffers, and at last what is left; none for empty content. The receiver owns each one's whole buffer. */
  async *chunks(file: ContentFile | undefined): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    yield* file === undefined ? this.#streamed() : this.#fromDisk(file)
  }

  /** Once, after the last chunk. */
  sha256(): string {
    return this.#sha.digest('hex')
  }

  *#fromDisk(file: ContentFile): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
    const statedBytes = this.statedBytes ?? 0
    while (this.sizeBytes < statedBytes) {
      this.#signal.throwIfAborted()
      const buffer = this.#pool.takeBuffer()
      const chunk = buffer.subarray(0, Math.min(buffer.length, statedBytes - this.sizeBytes))
      chunk.fill(0, this.#readInto(file, chunk))
      yield this.#counted(chunk)
    }
    if (file.changedSince(this.#entry.mtimeNs, this.#entry.ctimeNs, statedBytes)) this.#changed()
  }

  /** After an error of the disk the rest is zeros: the header is already out. */
  #readInto(file: ContentFile, target: Uint8Array): number {
    if (this.problem !== undefined) return 0
    try {
      return file.readSync(target, this.sizeBytes)
    } catch (error) {
      this.problem = { code: error instanceof AppError ? error.code : 'source.unreadable', message: messageOf(error) }
      return 0
    }
  }

  async *#streamed(): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    let buffer = this.#pool.takeBuffer()
    let used = 0
    for await (const bytes of this.#exactly()) {
      for (let at = 0; at < bytes.length; ) {
        const taken = Math.min(bytes.length - at, buffer.length - used)
        buffer.set(bytes.subarray(at, at + taken), used)
        at += taken
        used += taken
        if (used < buffer.length) continue
        yield this.#counted(buffer)
        buffer = this.#pool.takeBuffer()
        used = 0
      }
    }
    if (used > 0) yield this.#counted(buffer.subarray(0, used))
    else this.#pool.returnBuffer(buffer.buffer)
  }

  async *#exactly(): AsyncGenerator<Uint8Array, void, undefined> {
    if (this.#entry.open === undefined) throw new AppError('internal', `${this.#entry.path} has no content to read`)
    let left = this.statedBytes ?? Number.POSITIVE_INFINITY
    for await (const bytes of this.#entry.open(this.#signal)) {
      this.#signal.throwIfAborted()
      yield bytes.length > left ? bytes.subarray(0, left) : bytes
      left -= bytes.length
      if (left < 0) break
    }
    if (this.statedBytes === undefined || left === 0) return
    this.#changed()
    yield* zerosOf(left)
  }

  #counted(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    this.#sha.update(chunk)
    this.crc32 = crc32(chunk, this.crc32)
    this.sizeBytes += chunk.length
    return chunk
  }

  #changed(): void {
    this.problem ??= { code: 'source.changed', message: `${this.#entry.path} changed while it was read` }
  }
}
