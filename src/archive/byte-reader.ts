import { damaged } from './damaged.ts'

/** Reads a stream of bytes piece by piece; it holds one chunk at a time. */
export class ByteReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #joined = new Uint8Array(0)
  #at = 0
  #ended = false

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** Exactly so many bytes, valid until the next call. @throws AppError `archive.damaged` where fewer are left. */
  async exactly(sizeBytes: number): Promise<Uint8Array> {
    if (this.#chunk.length - this.#at >= sizeBytes) return this.#take(sizeBytes)
    // Fresh memory for each piece that lies in two chunks would wait long for the garbage collector.
    if (this.#joined.length < sizeBytes) this.#joined = new Uint8Array(sizeBytes)
    const bytes = this.#joined.subarray(0, sizeBytes)
    for (let filled = 0; filled < sizeBytes; ) {
      const part = await this.some(sizeBytes - filled)
      if (part === undefined) throw damaged('it ends too early')
      bytes.set(part, filled)
      filled += part.length
    }
    return bytes
  }

  /** As `exactly`, without waiting; undefined where that would be needed. Valid as long as the chunk that it lies in. */
  atHand(sizeBytes: number): Uint8Array | undefined {
    return this.#chunk.length - this.#at >= sizeBytes ? this.#take(sizeBytes) : undefined
  }

  /** At least one byte and at most so many; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    if (await this.atEnd()) return undefined
    return this.#take(Math.min(most, this.#chunk.length - this.#at))
  }

  /** @throws AppError `archive.damaged` where fewer are left. */
  async skip(sizeBytes: number): Promise<void> {
    for (let left = sizeBytes; left > 0; ) {
      const part = await this.some(left)
      if (part === undefined) throw damaged('it ends too early')
      left -= part.length
    }
  }

  async atEnd(): Promise<boolean> {
    while (this.#at === this.#chunk.length && !this.#ended) {
      const next = await this.#chunks.next()
      if (next.done === true) this.#ended = true
      else this.#chunk = next.value
      this.#at = 0
      if (this.#ended) this.#chunk = new Uint8Array(0)
    }
    return this.#at === this.#chunk.length
  }

  /** Gives bytes back that were taken last. */
  unread(bytes: Uint8Array): void {
    const rest = this.#chunk.subarray(this.#at)
    const joined = new Uint8Array(bytes.length + rest.length)
    joined.set(bytes)
    joined.set(rest, bytes.length)
    this.#chunk = joined
    this.#at = 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    await this.#chunks.return?.()
  }

  #take(sizeBytes: number): Uint8Array {
    const bytes = this.#chunk.subarray(this.#at, this.#at + sizeBytes)
    this.#at += sizeBytes
    return bytes
  }
}
