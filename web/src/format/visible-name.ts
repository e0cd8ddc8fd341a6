/** Marks that turn text around, hide in it or end a line; a name must not be able to look like another one. */
const hidden = [
  [0xad, 0xad], [0x61c, 0x61c], [0x115f, 0x1160], [0x17b4, 0x17b5], [0x180e, 0x180e], [0x200b, 0x200f], [0x2028, 0x202e], [0x2060, 0x206f], [0x3164, 0x3164],
  [0xfe00, 0xfe0f], [0xfeff, 0xfeff], [0xffa0, 0xffa0], [0xfff9, 0xfffb], [0xe0000, 0xe0fff],
] as const

/** What the first 32 characters are called. Their own pictures (U+2400 and on) are in few fonts. */
const controls = 'NUL SOH STX ETX EOT ENQ ACK BEL BS TAB LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US'.split(' ')

/**
 * A file's name as it may be shown: control characters and invisible marks stand as their code, and bytes that are no UTF-8
 * (lone surrogates U+DC80–U+DCFF, see the codec of names) as `\xE9`.
 */
export function visibleName(name: string): string {
  let text = ''
  for (const sign of name) {
    const code = sign.codePointAt(0) ?? 0
    const control = code === 0x7f ? 'DEL' : controls[code]
    if (control !== undefined) text += `\u27E8${control}\u27E9`
    else if (code >= 0xdc80 && code <= 0xdcff) text += `\\x${(code - 0xdc00).toString(16).toUpperCase()}`
    else if (code >= 0x80 && code < 0xa0 || code >= 0xd800 && code <= 0xdfff || hidden.some(([from, to]) => code >= from && code <= to)) text += `\u27E8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27E9`
    else text += sign
  }
  return text
}

/** A text of several lines as it may be shown: lines and tabs stay, all else as in names. */
export function visibleText(text: string): string {
  return text.split(/\r?\n/).map((line) => line.split('\t').map(visibleName).join('\t')).join('\n')
}
