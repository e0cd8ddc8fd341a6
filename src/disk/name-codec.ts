const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
// A Buffer's own decoder would turn odd bytes into U+FFFD and lose them.
const surrogate = /[\ud800-\udfff]/

/**
 * The string for a name's bytes: UTF-8 where it is valid; each byte that is not stands as U+DC00 + byte, so U+DC80–U+DCFF,
 * as Python's surrogateescape (PEP 383). `encodeName` undoes it exactly.
 */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch {
    return decodeOddName(bytes)
  }
}

/** The bytes of a name that `decodeName` gave. Any other lone surrogate becomes U+FFFD, as Node does. */
export function encodeName(name: string): Buffer {
  if (!surrogate.test(name)) return Buffer.from(name, 'utf8')
  const parts: Buffer[] = []
  let plain = ''
  for (const char of name) {
    const code = char.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) {
      parts.push(Buffer.from(plain, 'utf8'), Buffer.from([code & 0xff]))
      plain = ''
    } else {
      plain += char
    }
  }
  parts.push(Buffer.from(plain, 'utf8'))
  return Buffer.concat(parts)
}

/** What node:fs must be given for a path: itself, or its bytes where it holds some that are no UTF-8. */
export function systemPath(path: string): string | Buffer {
  return surrogate.test(path) ? encodeName(path) : path
}

/** True where the name has bytes that are no UTF-8. */
export function isOddName(name: string): boolean {
  return surrogate.test(name) && !name.isWellFormed()
}

function decodeOddName(bytes: Uint8Array): string {
  let text = ''
  let at = 0
  while (at < bytes.length) {
    const length = sequenceLength(bytes, at)
    if (length === 0) {
      text += String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
      at += 1
    } else {
      text += strict.decode(bytes.subarray(at, at + length))
      at += length
    }
  }
  return text
}

/** Length of the valid UTF-8 sequence at `at`, or 0 (Unicode 15, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0
  if (lead < 0x80) return 1
  const length = lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0
  if (length === 0 || at + length > bytes.length) return 0
  const second = bytes[at + 1] ?? 0
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return 0
  for (let i = 2; i < length; i++) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0
  return length
}
