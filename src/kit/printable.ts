// Control characters, bidirectional overrides and lone surrogates: what could write over a terminal's or a log's text.
const unsafe = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]/gu

/** A hostile name as text that is safe in a terminal and on one line of a log: what is not printable stands as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(unsafe, (char) => {
    const code = char.codePointAt(0) ?? 0
    return code >= 0xdc80 && code <= 0xdcff ? `\\x${(code & 0xff).toString(16)}` : `\\u{${code.toString(16)}}`
  })
}
