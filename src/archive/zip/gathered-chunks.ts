import type { BodyChunk } from '../../model/storage.ts'

const gatheredBytes = 256 * 1024

/** Puts many small chunks into few larger ones: each would cost its receiver a write of its own. One is valid until the next is asked for. */
export class GatheredChunks {
  readonly #buffer: Buffer
  #used = 0

  constructor() {
    this.#buffer = Buffer.allocUnsafeSlow(gatheredBytes)
  }

  *add(chunks: Iterable<BodyChunk>): Generator<BodyChunk, void, undefined> {
    for (const chunk of chunks) {
      if (!(chunk instanceof Uint8Array)) {
        // It may write over what waits here.
        yield* this.rest()
        yield chunk
        continue
      }
      if (chunk.length > gatheredBytes - this.#used) yield* this.rest()
      if (chunk.length >= gatheredBytes) {
        yield chunk
      } else {
        this.#buffer.set(chunk, this.#used)
        this.#used += chunk.length
      }
    }
  }

  /** What has been gathered and not given yet. */
  *rest(): Generator<Uint8Array, void, undefined> {
    if (this.#used === 0) return
    const bytes = this.#buffer.subarray(0, this.#used)
    this.#used = 0
    yield bytes
  }
}
