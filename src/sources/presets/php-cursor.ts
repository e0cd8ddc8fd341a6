import type { PhpToken } from './php-tokens.ts'

/** A place among tokens, which whoever reads moves on. */
export class PhpCursor {
  readonly tokens: readonly PhpToken[]
  at = 0

  constructor(tokens: readonly PhpToken[]) {
    this.tokens = tokens
  }

  token(): PhpToken | undefined {
    return this.tokens[this.at]
  }

  is(sign: string): boolean {
    return isSign(this.token(), sign)
  }

  take(sign: string): boolean {
    if (!this.is(sign)) return false
    this.at += 1
    return true
  }

  takeWord(word: string): boolean {
    if (wordOf(this.token()) !== word) return false
    this.at += 1
    return true
  }
}

export function isSign(token: PhpToken | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign
}

/** A word, without regard to its case, as PHP's own are. */
export function wordOf(token: PhpToken | undefined): string | undefined {
  return token?.kind === 'word' ? token.text.toLowerCase() : undefined
}
