import { deflateRawSync } from 'node:zlib'

/** Bytes of one sample. */
export const probeBytes = 16 * 1024
const probes = 4

/** Photos, films and archives do not get smaller: true where no sample of these bytes does, which spares the try. */
export function looksRandom(plain: Uint8Array): boolean {
  if (plain.length < probes * probeBytes) return false
  return probePlaces(plain.length, probes).every((at) => isRandom(plain.subarray(at, at + probeBytes)))
}

export function isRandom(probe: Uint8Array): boolean {
  return isEven(probe) && deflateRawSync(probe, { level: 1 }).length > probe.length * 0.98
}

/** False where some bytes are so much more frequent than others that they can surely be compressed; that is told far faster. */
function isEven(probe: Uint8Array): boolean {
  counts.fill(0)
  for (const byte of probe) counts[byte] = (counts[byte] ?? 0) + 1
  let squares = 0
  for (const count of counts) squares += count * count
  // Of a sample of random bytes it is the even share's and one a byte.
  return squares < 1.5 * (probe.length * probe.length / 256 + probe.length)
}

const counts = new Uint32Array(256)

/** Where to take so many samples, spread evenly. */
export function probePlaces(sizeBytes: number, count: number): number[] {
  const room = Math.max(0, sizeBytes - probeBytes)
  return Array.from({ length: count }, (_, index) => Math.floor((room * (2 * index + 1)) / (2 * count)))
}
