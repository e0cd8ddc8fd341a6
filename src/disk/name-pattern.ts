/** Tells whether one name (no slash) matches. */
export type NamePattern = (name: string) => boolean

const anyRun = Symbol('*')
type Token = typeof anyRun | ((char: string) => boolean) | string

const classes: Record<string, RegExp> = {
  alnum: /^[A-Za-z0-9]$/, alpha: /^[A-Za-z]$/, blank: /^[ \t]$/, cntrl: /^[^ -~\u0080-\u{10ffff}]$/u, digit: /^[0-9]$/, graph: /^[!-~]$/,
  lower: /^[a-z]$/, print: /^[ -~]$/, punct: /^[!-/:-@[-`{-~]$/, space: /^[\t-\r ]$/, upper: /^[A-Z]$/, xdigit: /^[0-9A-Fa-f]$/,
}

/**
 * Compiles the glob of one name: `*` any run, `?` one character, `[a-z]`, `[!a]`, `[[:digit:]]`, a backslash makes the next
 * character plain (fnmatch, POSIX.1-2017 XCU 2.13). A character is a code point; a byte that is no UTF-8 is one too.
 * Gives half a sentence where the pattern is broken.
 */
export function compileNamePattern(glob: string): NamePattern | string {
  const tokens: Token[] = []
  const chars = [...glob]
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? ''
    if (char === '*') {
      if (tokens.at(-1) !== anyRun) tokens.push(anyRun)
    } else if (char === '?') {
      tokens.push(() => true)
    } else if (char === '[') {
      const found = compileClass(chars, i + 1)
      if (typeof found === 'string') return found
      tokens.push(found.matches)
      i = found.end
    } else if (char === '\\') {
      i += 1
      const next = chars[i]
      if (next === undefined) return 'it ends with a lone backslash'
      tokens.push(next)
    } else {
      tokens.push(char)
    }
  }
  if (tokens.every((token) => typeof token === 'string')) {
    const plain = tokens.join('')
    return (name) => name === plain
  }
  return (name) => matchTokens(tokens, [...name])
}

/** Only the last `*` is ever retried: exact, and at most tokens × characters steps whatever the pattern. */
function matchTokens(tokens: readonly Token[], chars: readonly string[]): boolean {
  let token = 0
  let at = 0
  let retryToken = -1
  let retryAt = 0
  while (at < chars.length) {
    const wanted = tokens[token]
    if (wanted === anyRun) {
      token += 1
      if (token === tokens.length) return true
      retryToken = token
      retryAt = at
    } else if (wanted !== undefined && fits(wanted, chars[at] ?? '')) {
      token += 1
      at += 1
    } else if (retryToken !== -1) {
      retryAt += 1
      at = retryAt
      token = retryToken
    } else {
      return false
    }
  }
  return token === tokens.length || (token === tokens.length - 1 && tokens[token] === anyRun)
}

function fits(token: Exclude<Token, typeof anyRun>, char: string): boolean {
  return typeof token === 'string' ? token === char : token(char)
}

/** The class that begins after its `[`; `end` is where its `]` stands. */
function compileClass(chars: readonly string[], start: number): { matches: (char: string) => boolean; end: number } | string {
  const negated = chars[start] === '!' || chars[start] === '^'
  const first = negated ? start + 1 : start
  const tests: ((code: number, char: string) => boolean)[] = []
  for (let i = first; i < chars.length; i++) {
    let char = chars[i] ?? ''
    if (char === ']' && i > first) {
      return { matches: (name) => tests.some((test) => test(name.codePointAt(0) ?? 0, name)) !== negated, end: i }
    }
    if (char === '[' && chars[i + 1] === ':') {
      const close = chars.indexOf(']', i + 2)
      if (close === -1) return 'a [ is not closed'
      if (chars[close - 1] === ':' && close > i + 2) {
        const name = chars.slice(i + 2, close - 1).join('')
        const members = Object.hasOwn(classes, name) ? classes[name] : undefined
        if (members === undefined) return `there is no class [:${name}:]`
        tests.push((_, tested) => members.test(tested))
        i = close
        continue
      }
    }
    if (char === '\\') {
      i += 1
      char = chars[i] ?? ''
    }
    const low = char.codePointAt(0)
    if (low === undefined) break
    if (chars[i + 1] === '-' && chars[i + 2] !== undefined && chars[i + 2] !== ']') {
      i += chars[i + 2] === '\\' ? 3 : 2
      const high = chars[i]?.codePointAt(0)
      if (high === undefined) break
      tests.push((code) => code >= low && code <= high)
    } else {
      tests.push((code) => code === low)
    }
  }
  return 'a [ is not closed'
}
