export type PhpToken =
  | { readonly kind: 'variable' | 'word' | 'number' | 'sign'; readonly text: string }
  /** A string; its value is undefined where it holds variables, or what cannot be read as text. */
  | { readonly kind: 'string'; readonly value: string | undefined }
  /** Where PHP begins or ends: a statement ends there. */
  | { readonly kind: 'open' }

const patterns = new RegExp([
  String.raw`(?<blank>\s+|\/\*[\s\S]*?(?:\*\/|$)|(?:\/\/|#(?!\[))[^\r\n]*?(?=\?>|[\r\n]|$))`,
  String.raw`\$(?<variable>[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)`,
  String.raw`(?<computed><<<[ \t]*(?<quote>["']?)(?<label>\w+)\k<quote>\r?\n(?:[\s\S]*?\n)??[ \t]*\k<label>\b|\x60(?:[^\x60\\]|\\[\s\S])*\x60)`,
  String.raw`(?<single>'(?:[^'\\]|\\[\s\S])*')`,
  String.raw`(?<double>"(?:[^"\\]|\\[\s\S])*")`,
  String.raw`(?<number>\d[\d_]*(?:\.\d+)?)`,
  String.raw`(?<word>[A-Za-z_\\\x80-\uffff][\w\\\x80-\uffff]*)`,
  String.raw`(?<close>\?>)`,
  String.raw`(?<sign>=>|<=>|[=!]==?|[<>]=|\+\+|--|\?\?=|\*\*=|<<=|>>=|[.+*\/%&|^-]=|\?->|->|::|&&|\|\||\?\?|[\s\S])`,
].join('|'), 'gy')

/** Tokens of all that stands between `<?php` and `?>`; comments are left out. A string that never ends is a sign of its own. */
export function phpTokens(text: string): PhpToken[] {
  const tokens: PhpToken[] = []
  for (let at = text.indexOf('<?'); at !== -1;) {
    tokens.push({ kind: 'open' })
    at = codeTokens(text, at + (/^<\?php/i.test(text.slice(at, at + 5)) ? 5 : 2), tokens)
    at = at === -1 ? -1 : text.indexOf('<?', at)
  }
  return tokens
}

/** Gives where the code ends, or -1 at the end of the text. */
function codeTokens(text: string, from: number, tokens: PhpToken[]): number {
  patterns.lastIndex = from
  for (let match = patterns.exec(text); match !== null; match = patterns.exec(text)) {
    const { blank, variable, computed, single, double, number, word, close, sign } = match.groups ?? {}
    if (close !== undefined) {
      tokens.push({ kind: 'open' })
      return patterns.lastIndex
    }
    if (blank !== undefined) continue
    if (variable !== undefined) tokens.push({ kind: 'variable', text: variable })
    else if (computed !== undefined) tokens.push({ kind: 'string', value: undefined })
    else if (single !== undefined) tokens.push({ kind: 'string', value: readable(single.slice(1, -1).replaceAll(/\\([\\'])/g, '$1')) })
    else if (double !== undefined) tokens.push({ kind: 'string', value: doubleQuoted(double.slice(1, -1)) })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.replace(/^\\/, '') })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', e: '\u001B', f: '\f', '\\': '\\', $: '$', '"': '"' }

/** php.net/manual/en/language.types.string, "Double quoted". Bytes beyond ASCII that are told by number may be half a character. */
function doubleQuoted(text: string): string | undefined {
  if (/(?<!\\)(?:\\\\)*(?:\$[A-Za-z_{\x80-\uffff]|\{\$)/.test(text)) return undefined
  let isKnown = true
  const value = text.replaceAll(/\\(?:u\{([\dA-Fa-f]+)\}|x([\dA-Fa-f]{1,2})|([0-7]{1,3})|([\s\S]))/g, (whole, unicode?: string, hex?: string, octal?: string, one?: string) => {
    if (one !== undefined) return escapes[one] ?? whole
    const code = unicode === undefined ? Number.parseInt(hex ?? octal ?? '', hex === undefined ? 8 : 16) : Number.parseInt(unicode, 16)
    if (unicode === undefined ? code <= 0x7f : code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)) return String.fromCodePoint(code)
    isKnown = false
    return ''
  })
  return isKnown ? readable(value) : undefined
}

/** Bytes that are no UTF-8 were lost when the file was read. */
function readable(text: string): string | undefined {
  return text.includes('\uFFFD') ? undefined : text
}
