export type PhpToken =
  | { readonly kind: 'variable' | 'word' | 'number' | 'sign'; readonly text: string }
  /** A string; its value is undefined where it holds variables. */
  | { readonly kind: 'string'; readonly value: string | undefined }
  /** Where PHP begins or ends: a statement ends there. */
  | { readonly kind: 'open' }

const patterns = /(?<blank>\s+|\/\*[\s\S]*?(?:\*\/|$)|(?:\/\/|#(?!\[))[^\n]*?(?=\?>|\n|$))|\$(?<variable>[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)|(?<heredoc><<<[ \t]*(?<quote>["']?)(?<label>\w+)\k<quote>\r?\n[\s\S]*?\n[ \t]*\k<label>\b)|(?<single>'(?:[^'\\]|\\[\s\S])*')|(?<double>"(?:[^"\\]|\\[\s\S])*")|(?<number>\d[\d_]*(?:\.\d+)?)|(?<word>[A-Za-z_\\][\w\\]*)|(?<close>\?>)|(?<sign>=>|===?|[.+*/-]=|->|::|&&|\|\||\?\?=?|[\s\S])/gy

/** Tokens of all that stands between `<?php` and `?>`; comments are left out. A string that never ends is a sign of its own. */
export function phpTokens(text: string): PhpToken[] {
  const tokens: PhpToken[] = []
  for (let at = text.indexOf('<?'); at !== -1;) {
    tokens.push({ kind: 'open' })
    at = codeTokens(text, at + (text.startsWith('<?php', at) ? 5 : 2), tokens)
    at = at === -1 ? -1 : text.indexOf('<?', at)
  }
  return tokens
}

/** Gives where the code ends, or -1 at the end of the text. */
function codeTokens(text: string, from: number, tokens: PhpToken[]): number {
  patterns.lastIndex = from
  for (let match = patterns.exec(text); match !== null; match = patterns.exec(text)) {
    const { blank, variable, heredoc, single, double, number, word, close, sign } = match.groups ?? {}
    if (close !== undefined) {
      tokens.push({ kind: 'open' })
      return patterns.lastIndex
    }
    if (blank !== undefined) continue
    if (variable !== undefined) tokens.push({ kind: 'variable', text: variable })
    else if (heredoc !== undefined) tokens.push({ kind: 'string', value: undefined })
    else if (single !== undefined) tokens.push({ kind: 'string', value: single.slice(1, -1).replaceAll(/\\([\\'])/g, '$1') })
    else if (double !== undefined) tokens.push({ kind: 'string', value: doubleQuoted(double.slice(1, -1)) })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.replace(/^\\/, '') })
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign })
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', e: '\u001B', f: '\f', '\\': '\\', $: '$', '"': '"' }

/** php.net/manual/en/language.types.string, "Double quoted". */
function doubleQuoted(text: string): string | undefined {
  if (/(?<!\\)(?:\\\\)*(?:\$[A-Za-z_{]|\{\$)/.test(text)) return undefined
  return text.replaceAll(/\\(?:u\{([\dA-Fa-f]+)\}|x([\dA-Fa-f]{1,2})|([0-7]{1,3})|([\s\S]))/g, (whole, unicode?: string, hex?: string, octal?: string, one?: string) => {
    if (unicode !== undefined) return String.fromCodePoint(Number.parseInt(unicode, 16))
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16))
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8) & 0xff)
    return escapes[one ?? ''] ?? whole
  })
}
