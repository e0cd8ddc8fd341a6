import { isSign, PhpCursor, wordOf } from './php-cursor.ts'
import { phpEffects, phpFunctionEffects } from './php-effects.ts'
import type { PhpEffects } from './php-effects.ts'
import type { PhpScope } from './php-expression.ts'
import { phpExpression } from './php-expression.ts'
import { groupEnd, statementEnd } from './php-statement.ts'
import type { PhpToken } from './php-tokens.ts'
import { phpTokens } from './php-tokens.ts'
import type { PhpValue } from './php-value.ts'
import { computed, keyOf, phpValueAt, withElement } from './php-value.ts'

/** What a configuration file in PHP sets: variables (without `$`) and constants. */
export type PhpConfig = Pick<PhpScope, 'variable' | 'constant'>

/**
 * Reads the literal assignments and defines of a PHP file without running it. What is computed, set only under a condition, or
 * perhaps changed by something that is not understood, is `computed`: nobody guesses a database's name.
 * The language: php.net/manual/en/langref (variables, strings, arrays, control structures).
 *
 * @param file its path, for `__FILE__` and `__DIR__`.
 * @param last the file whose inclusion begins the application: what stands from there on configures nothing.
 */
export function readPhpConfig(text: string, file: string, last?: string): PhpConfig {
  return new Reader(phpTokens(text), file, last).read()
}

/** The literal that a function of a PHP file returns at once; undefined where there is no such function, or it does anything else. */
export function phpReturned(text: string, file: string, name: string): PhpValue {
  const tokens = phpTokens(text)
  const at = tokens.findIndex((token, index) => wordOf(token) === 'function' && wordOf(tokens[index + 1]) === name.toLowerCase())
  const body = at === -1 ? -1 : tokens.findIndex((token, index) => index > at && (isSign(token, '{') || isSign(token, ';')))
  if (!isSign(tokens[body], '{') || wordOf(tokens[body + 1]) !== 'return') return undefined
  const cursor = new PhpCursor(tokens.slice(body + 2))
  const value = phpExpression(cursor, { variable: () => computed, constant: () => computed, file })
  return cursor.is(';') ? value : undefined
}

class Reader {
  readonly #cursor: PhpCursor
  readonly #tokens: readonly PhpToken[]
  readonly #scope: PhpScope
  readonly #last: string | undefined
  readonly #variables = new Map<string, PhpValue>()
  readonly #constants = new Map<string, PhpValue>()
  readonly #shared: Set<string>
  #allShared: boolean
  /** What a name that was not seen holds. */
  #otherVariable: PhpValue
  #otherConstant: PhpValue
  #mayHaveEnded = false
  #isNamespaced = false

  constructor(tokens: readonly PhpToken[], file: string, last: string | undefined) {
    this.#tokens = tokens
    this.#cursor = new PhpCursor(tokens)
    this.#last = last
    this.#scope = {
      variable: (name) => this.#allShared || this.#shared.has(name) ? computed : this.#variables.has(name) ? this.#variables.get(name) : this.#otherVariable,
      constant: (name) => this.#constants.has(name) ? this.#constants.get(name) : this.#otherConstant,
      file,
    }
    const { shared, sharesAny, defined, definesAny } = phpFunctionEffects(tokens)
    this.#shared = shared
    this.#allShared = sharesAny
    for (const name of defined) this.#constants.set(name, computed)
    if (definesAny) this.#otherConstant = computed
  }

  read(): PhpConfig {
    while (this.#cursor.at < this.#tokens.length && this.#statement() === 'goes on');
    return this.#scope
  }

  #statement(): 'goes on' | 'ends' {
    const cursor = this.#cursor
    const from = cursor.at
    // Braces alone are no condition.
    if (cursor.take('{') || cursor.take('}')) return 'goes on'
    const end = statementEnd(this.#tokens, from)
    const word = wordOf(this.#tokens[from])
    if (this.#includesLast(from, end)) return 'ends'
    if (this.#tokens[from]?.kind === 'variable' && this.#assignment(from, end)) return 'goes on'
    if (word === 'namespace') return this.#namespace()
    if (word === 'return' || word === 'exit' || word === 'die' || word === 'throw' || word === '__halt_compiler') {
      this.#suffer(phpEffects(this.#tokens, from + 1, end))
      return 'ends'
    }
    const isDefined = (word === 'define' && this.#define(from, end)) || (word === 'const' && this.#const(end)) || this.#guardedDefine(from, end)
    if (!isDefined && word !== 'function' && word !== 'class') this.#suffer(phpEffects(this.#tokens, from, end))
    cursor.at = end
    return 'goes on'
  }

  #includesLast(from: number, end: number): boolean {
    if (this.#last === undefined || !/^(?:require|include)(?:_once)?$/.test(wordOf(this.#tokens[from]) ?? '')) return false
    const path = this.#tokens.slice(from, end).findLast((token) => token.kind === 'string')
    return path?.kind === 'string' && path.value?.split('/').at(-1) === this.#last
  }

  /** `namespace X;` and `namespace X { … }`. */
  #namespace(): 'goes on' {
    this.#isNamespaced = true
    while (this.#cursor.token() !== undefined && !this.#cursor.take(';') && !this.#cursor.take('{')) this.#cursor.at += 1
    return 'goes on'
  }

  /** `$name = …;` and `$name['key'] = …;`. False for all else that begins with a variable. */
  #assignment(from: number, end: number): boolean {
    const token = this.#tokens[from]
    let equals = from + 1
    while (isSign(this.#tokens[equals], '[')) equals = groupEnd(this.#tokens, equals)
    if (token?.kind !== 'variable' || token.text === 'GLOBALS' || !isSign(this.#tokens[equals], '=') || isSign(this.#tokens[equals + 1], '&')) return false
    // First what its parts may change, so that nothing stale is read.
    this.#suffer(phpEffects(this.#tokens, from + 1, equals))
    const effects = phpEffects(this.#tokens, equals + 1, end)
    this.#suffer(effects)
    // `['k' => &$other]`: an element that changes with the other.
    if (effects.shared.size > 0) this.#shared.add(token.text)
    const keys = this.#keys(from + 1, equals)
    this.#cursor.at = equals + 1
    const value = this.#whole(phpExpression(this.#cursor, this.#scope))
    if (this.#mayHaveEnded) this.#lose(token.text, keys)
    else this.#variables.set(token.text, keys.length === 0 ? value : withElement(this.#scope.variable(token.text), keys, value))
    this.#cursor.at = end
    return true
  }

  #keys(from: number, to: number): (string | undefined)[] {
    const keys: (string | undefined)[] = []
    this.#cursor.at = from
    while (this.#cursor.at < to && this.#cursor.take('[')) {
      const key = this.#cursor.is(']') ? undefined : keyOf(phpExpression(this.#cursor, this.#scope))
      keys.push(key)
      if (!this.#cursor.take(']')) return [undefined]
    }
    return keys
  }

  /** The value, if nothing follows it and nothing may keep the statement from running. */
  #whole(value: PhpValue): PhpValue {
    const token = this.#cursor.token()
    return !this.#mayHaveEnded && (token === undefined || token.kind === 'open' || isSign(token, ';')) ? value : computed
  }

  /** `define('NAME', …)` at a statement's begin, whatever follows. */
  #define(from: number, end: number): boolean {
    if (!isSign(this.#tokens[from + 1], '(')) return false
    this.#suffer(phpEffects(this.#tokens, from + 2, end))
    this.#cursor.at = from + 2
    const name = phpExpression(this.#cursor, this.#scope)
    if (typeof name !== 'string' || !this.#cursor.take(',')) {
      this.#otherConstant = computed
      return true
    }
    const value = phpExpression(this.#cursor, this.#scope)
    this.#setConstant(name, this.#cursor.is(')') && !this.#mayHaveEnded ? value : computed)
    return true
  }

  /** `const NAME = …, OTHER = …;`. */
  #const(end: number): boolean {
    this.#suffer(phpEffects(this.#tokens, this.#cursor.at + 1, end))
    do {
      this.#cursor.at += 1
      const name = this.#cursor.token()
      this.#cursor.at += 1
      if (name?.kind !== 'word' || !this.#cursor.take('=')) return true
      const value = phpExpression(this.#cursor, this.#scope)
      const isKnown = !this.#isNamespaced && !this.#mayHaveEnded && (this.#cursor.is(',') || this.#cursor.is(';'))
      this.#setConstant(name.text, isKnown ? value : computed)
    } while (this.#cursor.is(','))
    return true
  }

  /** `if (!defined('A')) define('A', …);` and `defined('A') || define('A', …);`: the same as the define alone, for the first one holds. */
  #guardedDefine(from: number, end: number): boolean {
    const cursor = this.#cursor
    cursor.at = from
    const isIf = cursor.takeWord('if')
    if (isIf && !(cursor.take('(') && cursor.take('!'))) return false
    if (!cursor.takeWord('defined') || !cursor.take('(')) return false
    const name = cursor.token()
    cursor.at += 1
    if (name?.kind !== 'string' || name.value === undefined || !cursor.take(')')) return false
    if (isIf ? !cursor.take(')') : !cursor.take('||') && !cursor.takeWord('or')) return false
    const hasBrace = isIf && cursor.take('{')
    const define = cursor.at
    const defined = this.#tokens[define + 2]
    if (wordOf(this.#tokens[define]) !== 'define' || defined?.kind !== 'string' || defined.value !== name.value) return false
    const defineEnd = groupEnd(this.#tokens, define + 1)
    if (!isSign(this.#tokens[defineEnd], ';') || defineEnd + (hasBrace ? 2 : 1) !== end) return false
    return this.#define(define, defineEnd)
  }

  /** The first one holds. php.net/manual/en/function.define. */
  #setConstant(name: string, value: PhpValue): void {
    if (!this.#constants.has(name)) this.#constants.set(name, this.#otherConstant === undefined ? value : computed)
  }

  #suffer(effects: PhpEffects): void {
    for (const { name, keys } of effects.changed) this.#lose(name, keys)
    for (const name of effects.shared) this.#shared.add(name)
    for (const name of effects.defined) this.#setConstant(name, computed)
    if (effects.changesAny) {
      this.#variables.clear()
      this.#otherVariable = computed
    }
    if (effects.sharesAny) this.#allShared = true
    if (effects.definesAny) this.#otherConstant = computed
    if (effects.returns) this.#mayHaveEnded = true
  }
  /** An element, or as much around it as may not have been an array before. */
  #lose(name: string, keys: readonly (string | undefined)[]): void {
    const value = this.#scope.variable(name)
    const known = keys.slice(0, [...keys, undefined].indexOf(undefined)).filter((key) => key !== undefined)
    const strange = known.findIndex((_, index) => !(phpValueAt(value, ...known.slice(0, index)) instanceof Map))
    const lost = strange === -1 ? known : known.slice(0, strange)
    this.#variables.set(name, lost.length === 0 ? computed : withElement(value, lost, computed))
  }
}
