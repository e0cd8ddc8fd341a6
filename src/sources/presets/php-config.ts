import type { PhpToken } from './php-tokens.ts'
import { phpTokens } from './php-tokens.ts'

/** A literal value of PHP; `undefined` is what only running the file could tell. Arrays are maps, as in PHP. */
export type PhpValue = string | number | boolean | null | undefined | ReadonlyMap<string, PhpValue>

/** What a configuration file in PHP sets: variables (without `$`) and constants by `define`. */
export type PhpConfig = { readonly variables: ReadonlyMap<string, PhpValue>; readonly constants: ReadonlyMap<string, PhpValue> }

type PhpArray = Map<string, PhpValue>

/**
 * Reads the literal assignments and defines of a PHP file without running it. A value that is computed, or that is set
 * only under a condition, is `undefined`: nobody guesses a database's name.
 * The language: php.net/manual/en/langref (variables, strings, arrays).
 *
 * @param folder the file's own folder, for `__DIR__`.
 */
export function readPhpConfig(text: string, folder: string): PhpConfig {
  return new Reader(phpTokens(text), folder).read()
}

/** A value deeper in an array; undefined where something on the way is not there. */
export function phpValueAt(value: PhpValue, ...keys: readonly string[]): PhpValue {
  return keys.reduce<PhpValue>((found, key) => (found instanceof Map ? found.get(key) : undefined), value)
}

class Reader {
  readonly #tokens: readonly PhpToken[]
  readonly #folder: string
  readonly #variables: PhpArray = new Map()
  readonly #constants: PhpArray = new Map()
  #at = 0

  constructor(tokens: readonly PhpToken[], folder: string) {
    this.#tokens = tokens
    this.#folder = folder
  }

  read(): PhpConfig {
    let depth = 0
    for (let isStatement = true; this.#at < this.#tokens.length;) {
      const token = this.#tokens[this.#at]
      if (token?.kind === 'variable' && isStatement) this.#assignment(token.text, depth > 0)
      else if (token?.kind === 'word' && token.text.toLowerCase() === 'define') this.#define(depth > 0)
      else {
        // `if (…) $name = …;`: a condition decides.
        if (token?.kind === 'variable' && this.#isBefore('=')) this.#variables.set(token.text, undefined)
        if (this.#is('{')) depth += 1
        if (this.#is('}')) depth -= 1
        isStatement = this.#is(';') || this.#is('{') || this.#is('}') || token?.kind === 'open'
        this.#at += 1
        continue
      }
      isStatement = true
    }
    return { variables: this.#variables, constants: this.#constants }
  }

  #assignment(name: string, conditional: boolean): void {
    this.#at += 1
    const keys: (string | undefined)[] = []
    while (this.#take('[')) {
      keys.push(keyOf(this.#expression()))
      if (!this.#take(']')) return this.#skipStatement()
    }
    if (!this.#take('=')) return this.#forget(name)
    const value = this.#expression()
    const known = this.#isEnd() && !conditional
    this.#skipStatement()
    if (keys.length === 0) this.#variables.set(name, known ? value : undefined)
    else this.#setWithin(name, keys, known ? value : undefined)
  }

  /** `.=`, `+=`, `->` and the like: what it holds now is not known. */
  #forget(name: string): void {
    if (this.#tokens[this.#at]?.kind === 'sign' && !this.#is(';')) this.#variables.set(name, undefined)
    this.#skipStatement()
  }

  #setWithin(name: string, keys: readonly (string | undefined)[], value: PhpValue): void {
    let inner = this.#variables.get(name)
    if (!(inner instanceof Map)) this.#variables.set(name, inner = new Map<string, PhpValue>())
    for (const [index, key] of keys.entries()) {
      if (key === undefined || !(inner instanceof Map)) return
      if (index === keys.length - 1) {
        inner.set(key, value)
        return
      }
      const next: PhpValue = inner.get(key)
      const made: PhpValue = next instanceof Map ? next : new Map<string, PhpValue>()
      inner.set(key, made)
      inner = made
    }
  }

  #define(conditional: boolean): void {
    this.#at += 1
    if (!this.#take('(')) return
    const name = this.#expression()
    if (!this.#take(',')) return
    const value = this.#expression()
    if (typeof name === 'string') this.#constants.set(name, this.#is(')') && !conditional ? value : undefined)
    this.#skipStatement()
  }

  #expression(): PhpValue {
    let value = this.#operand()
    while (this.#take('.')) {
      const next = this.#operand()
      value = isText(value) && isText(next) ? `${value}${next}` : undefined
    }
    return value
  }

  #operand(): PhpValue {
    const token = this.#tokens[this.#at]
    if (token === undefined) return undefined
    this.#at += 1
    switch (token.kind) {
      case 'string':
        return token.value
      case 'number':
        return Number(token.text.replaceAll('_', ''))
      case 'variable':
        return this.#is('[') ? this.#element(this.#variables.get(token.text)) : this.#variables.get(token.text)
      case 'word':
        return this.#word(token.text)
      case 'sign':
        if (token.text === '[') return this.#array(']')
        if (token.text === '-') return negative(this.#operand())
        if (token.text === '(') {
          const inner = this.#expression()
          return this.#take(')') ? inner : undefined
        }
        // The caller sees that it does not stand at an end.
        this.#at -= 1
        return undefined
      case 'open':
        return undefined
    }
  }

  #element(value: PhpValue): PhpValue {
    let found = value
    while (this.#take('[')) {
      const key = keyOf(this.#expression())
      if (!this.#take(']') || key === undefined) return undefined
      found = phpValueAt(found, key)
    }
    return found
  }

  #word(text: string): PhpValue {
    switch (text.toLowerCase()) {
      case 'true':
        return true
      case 'false':
        return false
      case 'null':
        return null
      case '__dir__':
        return this.#folder
      case 'array':
        return this.#take('(') ? this.#array(')') : undefined
      default:
        return this.#is('(') ? undefined : this.#constants.get(text)
    }
  }

  #array(end: string): PhpValue {
    const found: PhpArray = new Map()
    let next = 0
    while (!this.#take(end)) {
      const value = this.#expression()
      if (this.#take('=>')) {
        const key = keyOf(value)
        const element = this.#expression()
        if (key === undefined) return undefined
        found.set(key, element)
        if (/^\d+$/.test(key)) next = Math.max(next, Number(key) + 1)
      } else {
        found.set(String(next++), value)
      }
      // An element that is computed takes the value of this one element only.
      if (!this.#is(',') && !this.#is(end) && !this.#skipElement(found, end)) return undefined
      this.#take(',')
    }
    return found
  }

  #skipElement(found: PhpArray, end: string): boolean {
    const last = [...found.keys()].at(-1)
    if (last !== undefined) found.set(last, undefined)
    for (let depth = 0; this.#at < this.#tokens.length; this.#at++) {
      if (depth === 0 && (this.#is(',') || this.#is(end))) return true
      if (this.#is('(') || this.#is('[') || this.#is('{')) depth += 1
      if (this.#is(')') || this.#is(']') || this.#is('}')) depth -= 1
      if (this.#is(';')) return false
    }
    return false
  }

  #skipStatement(): void {
    for (let depth = 0; this.#at < this.#tokens.length; this.#at++) {
      if (this.#is('(') || this.#is('[')) depth += 1
      if (this.#is(')') || this.#is(']')) depth -= 1
      if (depth <= 0 && (this.#is(';') || this.#is('{') || this.#is('}') || this.#tokens[this.#at]?.kind === 'open')) return
    }
  }

  #isEnd(): boolean {
    return this.#at >= this.#tokens.length || this.#is(';') || this.#tokens[this.#at]?.kind === 'open'
  }

  #is(sign: string): boolean {
    const token = this.#tokens[this.#at]
    return token?.kind === 'sign' && token.text === sign
  }

  #isBefore(sign: string): boolean {
    const next = this.#tokens[this.#at + 1]
    return next?.kind === 'sign' && next.text === sign
  }

  #take(sign: string): boolean {
    if (!this.#is(sign)) return false
    this.#at += 1
    return true
  }
}

function negative(value: PhpValue): PhpValue {
  return typeof value === 'number' ? -value : undefined
}

function isText(value: PhpValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function keyOf(value: PhpValue): string | undefined {
  return isText(value) ? String(value) : undefined
}
