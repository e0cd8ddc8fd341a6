/** CRC-32 of two runs of bytes one after the other, from theirs and the second's length (zlib's crc32_combine: x^8n mod P). */
export function crc32Combine(first: number, second: number, secondBytes: number): number {
  if (secondBytes === 0) return first >>> 0
  // The operator that one zero bit makes: a matrix over GF(2), a column a number.
  let odd = [0xedb88320, ...Array.from({ length: 31 }, (_, i) => (1 << i) >>> 0)]
  let even = squared(odd)
  odd = squared(even)
  let crc = first
  let left = secondBytes
  while (true) {
    even = squared(odd)
    if (left % 2 === 1) crc = times(even, crc)
    left = Math.floor(left / 2)
    if (left === 0) break
    odd = squared(even)
    if (left % 2 === 1) crc = times(odd, crc)
    left = Math.floor(left / 2)
    if (left === 0) break
  }
  return (crc ^ second) >>> 0
}

function times(matrix: readonly number[], vector: number): number {
  let sum = 0
  let rest = vector >>> 0
  for (let i = 0; rest !== 0; i++, rest >>>= 1) if ((rest & 1) === 1) sum ^= matrix[i] ?? 0
  return sum >>> 0
}

function squared(matrix: readonly number[]): number[] {
  return matrix.map((column) => times(matrix, column))
}
