import { crc32 } from 'node:zlib'
import { chunkBytes } from '../compress-job.ts'
import { crc32Combine } from './crc32-combine.ts'
import type { TarContainer } from './tar-container.ts'

/** One gzip member (RFC 1952) of deflate blocks that were made apart from each other, as pigz writes it. */
export class GzipContainer implements TarContainer {
  readonly codec = 'deflate-raw'
  readonly chunkBytes = chunkBytes
  #before = 0
  #heldBytes = 0
  #held = 0
  #after = 0
  #afterBytes = 0
  #totalBytes = 0

  start(): Uint8Array {
    // No name and no time: the same input gives the same bytes. 3: Unix.
    return Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3)
  }

  block(block: { readonly crc32: number; readonly plainBytes: number }): void {
    this.#after = crc32Combine(this.#after, block.crc32, block.plainBytes)
    this.#afterBytes += block.plainBytes
    this.#totalBytes += block.plainBytes
  }

  held(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly at: number } {
    this.#before = this.#sum()
    this.#held = crc32(bytes)
    this.#heldBytes = bytes.length
    this.#after = 0
    this.#afterBytes = 0
    this.#totalBytes += bytes.length
    // A stored block (RFC 1951, 3.2.4): length and its complement; the block before ended at a byte's end.
    const block = new Uint8Array(5 + bytes.length)
    const view = new DataView(block.buffer)
    view.setUint16(1, bytes.length, true)
    view.setUint16(3, ~bytes.length & 0xffff, true)
    block.set(bytes, 5)
    return { bytes: block, at: 5 }
  }

  patched(bytes: Uint8Array): void {
    this.#held = crc32(bytes)
  }

  end(): Uint8Array {
    const end = new Uint8Array(5 + 8)
    // An empty last block, stored.
    end.set([1, 0, 0, 0xff, 0xff])
    const view = new DataView(end.buffer)
    view.setUint32(5, this.#sum(), true)
    view.setUint32(9, this.#totalBytes % 2 ** 32, true)
    return end
  }

  #sum(): number {
    return crc32Combine(crc32Combine(this.#before, this.#held, this.#heldBytes), this.#after, this.#afterBytes)
  }
}
