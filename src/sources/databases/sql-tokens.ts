export type SqlToken = {
  /** `name` is a quoted identifier, `text` a string literal; both are without quotes in `value`. */
  readonly kind: 'word' | 'name' | 'text' | 'sign'
  readonly value: string
  readonly start: number
  readonly end: number
}

/** A server's version as conditional comments compare it, 101119 for 10.11.19. MariaDB passes over 50700 to 99999. */
export type SqlDialect = { readonly number: number; readonly mariadb: boolean; readonly backslashEscapes: boolean }

/** From what `SELECT version()` says: `10.11.19-MariaDB-0+deb12u1`, `8.0.36`, `5.5.5-10.6.1-MariaDB`. */
export function dialectOf(version: string): SqlDialect {
  const parts = /(\d+)\.(\d+)\.(\d+)/.exec(version.replace(/^5\.5\.5-(?=\d)/, ''))
  const number = Number(parts?.[1] ?? 10) * 10_000 + Number(parts?.[2] ?? 11) * 100 + Number(parts?.[3] ?? 0)
  return { number, mariadb: /mariadb/i.test(version), backslashEscapes: true }
}

/**
 * The statement as a server reads it: conditional comments (slash, star, `!50003` or `M!100100`) are unwrapped where
 * the server runs them and left out where it does not. Text is latin1, one character a byte; line ends stay, so that
 * lines still count.
 */
export function unwrapConditional(text: string, dialect: SqlDialect): string {
  if (!text.includes('/*!') && !text.includes('/*M!')) return text
  const lexeme = lexemeOf(dialect)
  let out = ''
  let opened = 0
  for (let at = 0; at < text.length;) {
    lexeme.lastIndex = at
    const piece = lexeme.exec(text)?.[0] ?? text.charAt(at)
    at += piece.length
    const opener = /^\/\*(M?)!(\d*)$/.exec(piece)
    if (opener !== null && runs(dialect, opener[1] === 'M', opener[2] ?? '')) {
      opened += 1
      out += ' '
    } else if (opener !== null) {
      const end = text.indexOf('*/', at)
      const skipped = text.slice(at, end === -1 ? text.length : end + 2)
      out += ` ${'\n'.repeat(skipped.split('\n').length - 1)}`
      at += skipped.length
    } else if (piece === '*/' && opened > 0) {
      opened -= 1
      out += ' '
    } else {
      out += piece
    }
  }
  return out
}

/** The first `limit` tokens; comments and spaces are passed over. */
export function sqlTokens(text: string, dialect: SqlDialect, limit: number): SqlToken[] {
  const lexeme = lexemeOf(dialect)
  const tokens: SqlToken[] = []
  for (let at = 0; at < text.length && tokens.length < limit;) {
    lexeme.lastIndex = at
    const piece = lexeme.exec(text)?.[0] ?? text.charAt(at)
    const token = tokenOf(piece, at)
    if (token !== undefined) tokens.push(token)
    at += piece.length
  }
  return tokens
}

function tokenOf(piece: string, start: number): SqlToken | undefined {
  const end = start + piece.length
  const first = piece.charAt(0)
  if (/^\s/.test(first) || piece.startsWith('/*') || /^--\s/.test(piece) || piece === '--' || first === '#') return undefined
  if (first === '`') return { kind: 'name', value: nameOf(piece.slice(1, -1).replaceAll('``', '`')), start, end }
  if ((first === "'" || first === '"') && piece.length > 1) return { kind: 'text', value: piece.slice(1, -1), start, end }
  if (/^[\w$\u0080-\u00ff]/.test(first)) return { kind: 'word', value: nameOf(piece), start, end }
  return { kind: 'sign', value: piece, start, end }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const western = new TextDecoder('windows-1252')

/** Names come as bytes, nearly always in UTF-8; dumps in latin1 (which servers take for cp1252) hold both, by the statement. */
function nameOf(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1')
  try {
    return strict.decode(bytes)
  } catch {
    return western.decode(bytes)
  }
}

function runs(dialect: SqlDialect, onlyMariadb: boolean, digits: string): boolean {
  if (onlyMariadb && !dialect.mariadb) return false
  if (digits === '') return true
  const version = Number(digits)
  return version <= dialect.number && !(dialect.mariadb && version >= 50_700 && version <= 99_999)
}

const common = String.raw`\/\*M?!(?:\d{5,6})?|\*\/|\/\*[^]*?\*\/|--(?=\s|$)[^\n]*|#[^\n]*|` + '`(?:[^`]|``)*`' + String.raw`|[\w$\u0080-\u00ff]+|\s+|`
const withEscapes = new RegExp(`${common}'[^'\\\\]*(?:(?:\\\\[^]|'')[^'\\\\]*)*'|"[^"\\\\]*(?:(?:\\\\[^]|"")[^"\\\\]*)*"|[^]`, 'y')
const withoutEscapes = new RegExp(`${common}'[^']*(?:''[^']*)*'|"[^"]*(?:""[^"]*)*"|[^]`, 'y')

function lexemeOf(dialect: SqlDialect): RegExp {
  return dialect.backslashEscapes ? withEscapes : withoutEscapes
}
