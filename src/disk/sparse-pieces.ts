import type { DataRange } from '../model/entry.ts'

/** A part of a file's content that has to be written, with its place in the file. */
export type Piece = { readonly bytes: Uint8Array; readonly at: number }

const zeros = Buffer.alloc(65_536)

/**
 * Which parts of a sparse file's content to write: the data, and what is not zero where a hole was said to be, so that wrong
 * ranges never cost content. The chunks must come in order.
 */
export function sparsePieces(ranges: readonly DataRange[]): (chunk: Uint8Array, at: number) => Piece[] {
  let next = 0
  return (chunk, start) => {
    const pieces: Piece[] = []
    const end = start + chunk.length
    const cut = (from: number, to: number): Piece => ({ bytes: chunk.subarray(from - start, to - start), at: from })
    let at = start
    while (at < end) {
      let range = ranges[next]
      while (range !== undefined && range.offset + range.length <= at) range = ranges[++next]
      const dataStart = Math.min(Math.max(range?.offset ?? end, at), end)
      for (const piece of split(cut(at, dataStart))) if (!isZero(piece.bytes)) pieces.push(piece)
      if (range === undefined || dataStart === end) break
      at = Math.min(range.offset + range.length, end)
      pieces.push(cut(dataStart, at))
    }
    return pieces
  }
}

function split({ bytes, at }: Piece): Piece[] {
  const pieces: Piece[] = []
  for (let i = 0; i < bytes.length; i += zeros.length) pieces.push({ bytes: bytes.subarray(i, i + zeros.length), at: at + i })
  return pieces
}

function isZero(bytes: Uint8Array): boolean {
  return zeros.compare(bytes, 0, bytes.length, 0, bytes.length) === 0
}
