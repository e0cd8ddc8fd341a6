import type { DataRange } from '../model/entry.ts'
import type { Libc } from './libc.ts'

// A badly fragmented image may have millions of holes; the rest of it is then read as data, which loses nothing.
const maxRanges = 65_536

/** Where an open sparse file has data; undefined where it has no hole. It must not be written to meanwhile. */
export function dataRanges(libc: Libc, fd: number, sizeBytes: number): readonly DataRange[] | undefined {
  const ranges: DataRange[] = []
  let at = 0
  while (at < sizeBytes) {
    const offset = libc.seekData(fd, at)
    if (offset === undefined || offset >= sizeBytes) break
    const end = ranges.length + 1 >= maxRanges ? sizeBytes : Math.min(libc.seekHole(fd, offset), sizeBytes)
    ranges.push({ offset, length: end - offset })
    at = end
  }
  const [first] = ranges
  return first !== undefined && first.offset === 0 && first.length === sizeBytes ? undefined : ranges
}
