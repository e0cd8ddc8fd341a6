const zeros = new Uint8Array(256 * 1024)

/** So many zero bytes, as views of one buffer that nobody may write to. */
export function* zerosOf(sizeBytes: number): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  for (let left = sizeBytes; left > 0; left -= zeros.length) yield left >= zeros.length ? zeros : zeros.subarray(0, left)
}

/** True where all bytes are zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += zeros.length) {
    const part = bytes.subarray(at, at + zeros.length)
    if (Buffer.compare(part, zeros.subarray(0, part.length)) !== 0) return false
  }
  return true
}
