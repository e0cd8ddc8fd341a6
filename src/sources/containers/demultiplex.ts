import { AppError } from '../../kit/app-error.ts'

export type ExecChunk = { readonly stream: 'stdout' | 'stderr'; readonly bytes: Uint8Array }

const largestFrameBytes = 1 << 30

/**
 * Takes the two outputs of a container's process apart: frames of 8 bytes head (stream, 0, 0, 0, length as 32 bits big endian)
 * and content. Source: Docker's API, "attach to a container", stream format.
 *
 * @throws AppError `containers.unreachable` where the stream is none of that, or ends within a frame.
 */
export async function* demultiplex(input: AsyncIterable<Uint8Array>): AsyncGenerator<ExecChunk, void, undefined> {
  const head = Buffer.alloc(8)
  let headBytes = 0
  let left = 0
  for await (const bytes of input) {
    let at = 0
    while (at < bytes.length) {
      if (left === 0) {
        const count = Math.min(8 - headBytes, bytes.length - at)
        head.set(bytes.subarray(at, at + count), headBytes)
        at += count
        headBytes += count
        if (headBytes < 8) continue
        left = head.readUInt32BE(4)
        if ((head[0] ?? 9) > 2 || head.readUIntBE(1, 3) !== 0 || left > largestFrameBytes) throw new AppError('containers.unreachable', 'The container engine sent output of a process that is not understood')
        headBytes = 0
        continue
      }
      const count = Math.min(left, bytes.length - at)
      left -= count
      yield { stream: head[0] === 2 ? 'stderr' : 'stdout', bytes: bytes.subarray(at, at + count) }
      at += count
    }
  }
  if (left > 0 || headBytes > 0) throw new AppError('containers.unreachable', 'The container engine broke off the output of a process')
}
