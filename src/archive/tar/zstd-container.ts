import { zstdChunkBytes } from '../compress-job.ts'
import type { TarContainer } from './tar-container.ts'

/** Zstandard frames one after the other (RFC 8878, 3.1), each with its content's size. */
export class ZstdContainer implements TarContainer {
  readonly codec = 'zstd'
  readonly chunkBytes = zstdChunkBytes

  start(): Uint8Array {
    return new Uint8Array(0)
  }

  block(): void {
    // Every frame stands for itself.
  }

  held(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly at: number } {
    // Magic; single segment with a 4-byte content size and no checksum, which a patch would make wrong; one raw last block.
    const frame = new Uint8Array(12 + bytes.length)
    const view = new DataView(frame.buffer)
    view.setUint32(0, 0xfd2fb528, true)
    frame[4] = 0xa0
    view.setUint32(5, bytes.length, true)
    const block = (bytes.length << 3) | 1
    frame.set([block & 0xff, (block >> 8) & 0xff, block >> 16], 9)
    frame.set(bytes, 12)
    return { bytes: frame, at: 12 }
  }

  patched(): void {
    // A frame without checksum needs nothing more.
  }

  end(): Uint8Array {
    return new Uint8Array(0)
  }
}
