import type { Codec } from '../compress-job.ts'

/** How compressed blocks become one file, with blocks that are stored so that they can be patched. */
export interface TarContainer {
  readonly codec: Codec
  /** Plain bytes of a block, about. */
  readonly chunkBytes: number
  /** Bytes before the first block. */
  start(): Uint8Array
  /** Told of each block, in order. */
  block(block: { readonly crc32: number; readonly plainBytes: number }): void
  /** A block that keeps these bytes as they are; `at` is where they begin in it. */
  held(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly at: number }
  /** Told what the last held bytes have become. */
  patched(bytes: Uint8Array): void
  /** Bytes after the last block. */
  end(): Uint8Array
}
