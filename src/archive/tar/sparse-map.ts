import type { DataRange } from '../../model/entry.ts'
import type { ByteReader } from '../byte-reader.ts'
import { damaged } from '../damaged.ts'
import { blockBytes, takeNumber } from './tar-header.ts'

// About 64 MB of memory; a file in more pieces has never been seen.
const mostRanges = 1_000_000

/** A sparse file as an archive describes it: where its stored bytes belong. */
export type SparseFile = { readonly sizeBytes: number; readonly data: readonly DataRange[]; /** Bytes of the map that stand before the content. */ readonly mapBytes: number }

/** The map in the member's content: GNU format 1.0. */
export async function readMap10(reader: ByteReader, sizeBytes: number): Promise<SparseFile> {
  const lines = new Lines(reader)
  const count = await lines.number()
  if (count > mostRanges) throw damaged('a sparse file has too many pieces')
  const ranges: DataRange[] = []
  for (let i = 0; i < count; i++) ranges.push({ offset: await lines.number(), length: await lines.number() })
  return { sizeBytes, data: checked(ranges, sizeBytes), mapBytes: lines.takenBytes }
}

/** Formats 0.0 and 0.1, whose maps stand in the extended header, as a list of numbers. */
export function readMap0(numbers: readonly number[], sizeBytes: number): SparseFile {
  return { sizeBytes, data: checked(pairs(numbers), sizeBytes), mapBytes: 0 }
}

/** The old GNU format: four pieces in the header, more in blocks after it. */
export async function readOldMap(header: Uint8Array, reader: ByteReader): Promise<SparseFile> {
  const numbers = oldPairs(header, 386, 4)
  const sizeBytes = takeNumber(header, 483, 12)
  let more = header[482] !== 0
  while (more) {
    const block = await reader.exactly(blockBytes)
    numbers.push(...oldPairs(block, 0, 21))
    more = block[504] !== 0
    if (numbers.length > 2 * mostRanges) throw damaged('a sparse file has too many pieces')
  }
  if (sizeBytes === undefined || sizeBytes < 0) throw damaged('a sparse file has no size')
  return { sizeBytes, data: checked(pairs(numbers), sizeBytes), mapBytes: 0 }
}

function oldPairs(block: Uint8Array, start: number, count: number): number[] {
  const numbers: number[] = []
  for (let i = 0; i < count; i++) {
    const at = start + 24 * i
    // An unused place is empty.
    if (block[at] === 0 && block[at + 12] === 0) continue
    numbers.push(takeNumber(block, at, 12) ?? -1, takeNumber(block, at + 12, 12) ?? -1)
  }
  return numbers
}

function pairs(numbers: readonly number[]): DataRange[] {
  if (numbers.length % 2 !== 0) throw damaged('the map of a sparse file is incomplete')
  const ranges: DataRange[] = []
  for (let i = 0; i < numbers.length; i += 2) ranges.push({ offset: numbers[i] ?? -1, length: numbers[i + 1] ?? -1 })
  return ranges
}

/** Ascending, inside the file; empty ranges, which only tell the end, go, and touching ones are joined. */
function checked(ranges: readonly DataRange[], sizeBytes: number): DataRange[] {
  const kept: DataRange[] = []
  let end = 0
  for (const { offset, length } of ranges) {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || length < 0 || offset < end || offset + length > sizeBytes) throw damaged('the map of a sparse file is wrong')
    const before = kept.at(-1)
    end = offset + length
    if (length === 0) continue
    if (before !== undefined && before.offset + before.length === offset) kept[kept.length - 1] = { offset: before.offset, length: before.length + length }
    else kept.push({ offset, length })
  }
  return kept
}

class Lines {
  readonly #reader: ByteReader
  #block: Uint8Array = new Uint8Array(0)
  #at = 0
  takenBytes = 0

  constructor(reader: ByteReader) {
    this.#reader = reader
  }

  async number(): Promise<number> {
    let digits = ''
    while (true) {
      if (this.#at === this.#block.length) {
        this.#block = Uint8Array.from(await this.#reader.exactly(blockBytes))
        this.#at = 0
        this.takenBytes += blockBytes
      }
      const byte = this.#block[this.#at] ?? 0
      this.#at += 1
      if (byte === 0x0a) break
      digits += String.fromCharCode(byte)
      if (digits.length > 16 || byte < 0x30 || byte > 0x39) throw damaged('the map of a sparse file is not readable')
    }
    return digits === '' ? -1 : Number(digits)
  }
}
