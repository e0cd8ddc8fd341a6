import { isSign, wordOf } from './php-cursor.ts'
import { declarationEnd } from './php-statement.ts'
import type { PhpToken } from './php-tokens.ts'

type Target = { readonly name: string; readonly keys: readonly string[] }

/** What statements that are not understood may do to what is known. */
export type PhpEffects = {
  /** Variables that may hold something else afterwards; with keys, only that element of them. */
  readonly changed: Target[]
  /** Variables that may change at any time from now on: something refers to them. */
  readonly shared: Set<string>
  /** Constants that may be defined. */
  readonly defined: Set<string>
  /** Any variable, any variable for ever, any constant: `extract`, `$$name`, `include` and their like. */
  changesAny: boolean
  sharesAny: boolean
  definesAny: boolean
  /** True where the file may end here. */
  returns: boolean
}

const assignments = new Set(['=', '.=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '**=', '<<=', '>>=', '??=', '++', '--'])
const includes = new Set(['include', 'include_once', 'require', 'require_once'])
const scopeChangers = new Set(['eval', 'extract', 'parse_str', 'mb_parse_str'])
// What the target of an assignment may be made of.
const targetSigns = new Set(['(', ')', '[', ']', '{', '}', '->', '?->', '::', '$', '&'])
// What stands before a bracket and takes nothing by reference.
const noCalls = new Set([
  'if', 'elseif', 'while', 'for', 'foreach', 'switch', 'match', 'and', 'or', 'xor', 'return', 'echo', 'print', 'array', 'list', 'exit', 'die', 'function', 'fn', 'use', 'declare', 'isset', 'empty',
  'defined', 'define', 'dirname', 'throw', 'case', ...includes,
])

/** Looks over the tokens from one to another, in whatever order and how often they may run. */
export function phpEffects(tokens: readonly PhpToken[], from: number, to: number): PhpEffects {
  const effects: PhpEffects = { changed: [], shared: new Set(), defined: new Set(), changesAny: false, sharesAny: false, definesAny: false, returns: false }
  const named = new Set<string>()
  // For each bracket that is open: whether variables in it may be changed.
  const open: boolean[] = []
  let hands = false
  let isConst = false
  let functionEnd = from
  let hasReference = false
  for (let at = from; at < to; at++) {
    const [before, token, next] = [at > from ? tokens[at - 1] : undefined, tokens[at], tokens[at + 1]]
    if (token?.kind === 'string' && token.value?.toLowerCase() === 'define') effects.definesAny = true
    if (token?.kind === 'variable') {
      named.add(token.text)
      if (hands || isSign(before, '++') || isSign(before, '--')) effects.changed.push({ name: token.text, keys: [] })
      if (isSign(before, '&')) hasReference = true
      if (token.text === 'GLOBALS') effects.sharesAny = true
    }
    if (token?.kind === 'sign') {
      if ('([{'.includes(token.text)) {
        open.push(hands)
        hands ||= token.text === '(' && isCall(before)
      } else if (')]}'.includes(token.text)) hands = open.pop() ?? false
      else if (token.text === '$') effects.changesAny = true
      else if (assignments.has(token.text)) effects.changed.push(...targets(tokens, from, at))
      else if (token.text === ';') {
        isConst = false
        if (open.length === 0) hands = false
      }
    }
    if (token?.kind !== 'word') continue
    const word = wordOf(token) ?? ''
    if (word === 'as' || ((word === 'global' || word === 'static') && next?.kind === 'variable')) hands = true
    if (word === 'function' && at >= functionEnd) functionEnd = declarationEnd(tokens, at)
    if (word === 'return' && at >= functionEnd) effects.returns = true
    if (word === 'goto') effects.sharesAny = effects.definesAny = true
    if (scopeChangers.has(word) || includes.has(word)) effects.changesAny = true
    if (word === 'eval' || includes.has(word)) effects.definesAny = true
    if (word === 'const') isConst = true
    if (isConst && isSign(next, '=')) effects.defined.add(token.text)
    if (word === 'define' && isSign(next, '(')) noteConstant(tokens, at + 2, effects)
  }
  if (hasReference) for (const name of named) effects.shared.add(name)
  return effects
}

/** What functions of the file may do once they are called, which may be before they are declared: to globals and to constants. */
export function phpFunctionEffects(tokens: readonly PhpToken[]): Pick<PhpEffects, 'shared' | 'defined' | 'sharesAny' | 'definesAny'> {
  const all = { shared: new Set<string>(), defined: new Set<string>(), sharesAny: false, definesAny: false }
  for (let at = 0; at < tokens.length; at++) {
    if (wordOf(tokens[at]) !== 'function') continue
    const end = declarationEnd(tokens, at)
    const { defined, sharesAny, definesAny } = phpEffects(tokens, at, end)
    for (const name of defined) all.defined.add(name)
    all.sharesAny ||= sharesAny
    all.definesAny ||= definesAny
    for (const name of globals(tokens, at, end)) all.shared.add(name)
    at = end - 1
  }
  return all
}

function globals(tokens: readonly PhpToken[], from: number, to: number): string[] {
  const names: string[] = []
  for (let at = from, isGlobal = false; at < to; at++) {
    const token = tokens[at]
    if (wordOf(token) === 'global') isGlobal = true
    if (isSign(token, ';')) isGlobal = false
    if (isGlobal && token?.kind === 'variable') names.push(token.text)
  }
  return names
}

/** What stands before an assignment: an element by its literal keys, or all variables as far back as its target may reach. */
function targets(tokens: readonly PhpToken[], from: number, assignment: number): Target[] {
  const element = elementBefore(tokens, from, assignment)
  if (element !== undefined) return [element]
  const found: Target[] = []
  for (let at = assignment - 1, depth = 0; at >= from; at--) {
    const token = tokens[at]
    if (token?.kind === 'variable') found.push({ name: token.text, keys: [] })
    if (token?.kind === 'open') break
    if (token?.kind !== 'sign') continue
    if (')]}'.includes(token.text)) depth += 1
    if ('([{'.includes(token.text)) depth -= 1
    if (depth < 0 || (depth === 0 && !targetSigns.has(token.text))) break
  }
  return found
}

/** `$name['a']['b']`, and nothing before it that makes another variable of it. */
function elementBefore(tokens: readonly PhpToken[], from: number, assignment: number): Target | undefined {
  const keys: string[] = []
  let at = assignment - 1
  for (; at - 2 > from && isSign(tokens[at], ']'); at -= 3) {
    const key = tokens[at - 1]
    if (key?.kind !== 'string' || key.value === undefined || !isSign(tokens[at - 2], '[')) return undefined
    keys.unshift(key.value)
  }
  const [before, base] = [tokens[at - 1], tokens[at]]
  if (keys.length === 0 || base?.kind !== 'variable' || (before?.kind === 'sign' && !['{', '}', '(', ')', ';'].includes(before.text))) return undefined
  return { name: base.text, keys }
}

function isCall(before: PhpToken | undefined): boolean {
  if (before?.kind === 'word') return !noCalls.has(wordOf(before) ?? '')
  return before?.kind === 'variable' || before?.kind === 'string' || isSign(before, ')') || isSign(before, ']') || isSign(before, '}')
}

function noteConstant(tokens: readonly PhpToken[], at: number, effects: PhpEffects): void {
  const name = tokens[at]
  if (name?.kind === 'string' && name.value !== undefined && isSign(tokens[at + 1], ',')) effects.defined.add(name.value)
  else effects.definesAny = true
}
