import { posix } from 'node:path'
import type { PhpCursor } from './php-cursor.ts'
import type { PhpValue } from './php-value.ts'
import { computed, keyOf, phpValueAt } from './php-value.ts'

/** What an expression may name. */
export type PhpScope = { variable(name: string): PhpValue; constant(name: string): PhpValue; readonly file: string }

// Deeper than any configuration; what goes on for ever would fill the stack.
const deepest = 100

/**
 * The value of literals, known names, `.`, arrays and `dirname`. It stands behind what it understood: where that is not the expression's
 * end, the caller calls the whole `computed`.
 */
export function phpExpression(cursor: PhpCursor, scope: PhpScope, depth = 0): PhpValue {
  let value = operand(cursor, scope, depth)
  while (cursor.take('.')) {
    const next = operand(cursor, scope, depth)
    value = isText(value) && isText(next) ? `${value}${next}` : computed
  }
  return value
}

function operand(cursor: PhpCursor, scope: PhpScope, depth: number): PhpValue {
  const token = cursor.token()
  if (token === undefined || depth > deepest) return computed
  if (token.kind === 'open') return computed
  cursor.at += 1
  switch (token.kind) {
    case 'string':
      return token.value ?? computed
    case 'number':
      return wholeNumber(token.text.replaceAll('_', ''))
    case 'variable':
      return element(scope.variable(token.text) ?? computed, cursor, scope, depth)
    case 'word':
      return word(token.text, cursor, scope, depth)
    case 'sign':
      if (token.text === '[') return array(']', cursor, scope, depth + 1)
      if (token.text === '-') return negative(operand(cursor, scope, depth + 1))
      if (token.text === '(') {
        const inner = phpExpression(cursor, scope, depth + 1)
        return cursor.take(')') ? inner : computed
      }
      // The caller sees that it does not stand at an end.
      cursor.at -= 1
      return computed
  }
}

function element(value: PhpValue, cursor: PhpCursor, scope: PhpScope, depth: number): PhpValue {
  let found = value
  while (cursor.take('[')) {
    const key = keyOf(phpExpression(cursor, scope, depth + 1))
    if (!cursor.take(']') || key === undefined) return computed
    found = phpValueAt(found, key) ?? computed
  }
  return found
}

function word(text: string, cursor: PhpCursor, scope: PhpScope, depth: number): PhpValue {
  switch (text.toLowerCase()) {
    case 'true':
      return true
    case 'false':
      return false
    case 'null':
      return null
    case '__dir__':
      return posix.dirname(scope.file)
    case '__file__':
      return scope.file
    case 'array':
      return cursor.take('(') ? array(')', cursor, scope, depth + 1) : computed
    case 'dirname':
      return cursor.take('(') ? parentFolder(cursor, scope, depth + 1) : computed
    default:
      return cursor.is('(') ? computed : scope.constant(text) ?? computed
  }
}

/** php.net/manual/en/function.dirname. */
function parentFolder(cursor: PhpCursor, scope: PhpScope, depth: number): PhpValue {
  const path = phpExpression(cursor, scope, depth)
  const levels = cursor.take(',') ? phpExpression(cursor, scope, depth) : 1
  if (!cursor.take(')') || typeof path !== 'string' || path === '' || path.includes('//') || typeof levels !== 'number' || levels < 1 || levels > deepest) return computed
  let parent = path
  for (let level = 0; level < levels; level++) parent = posix.dirname(parent)
  return parent
}

function array(end: string, cursor: PhpCursor, scope: PhpScope, depth: number): PhpValue {
  const found = new Map<string, PhpValue>()
  // Where an array counts on after a negative key differs by version.
  let next: number | undefined = 0
  while (!cursor.take(end)) {
    // `...` may bring any keys.
    if (cursor.is('.') || cursor.token() === undefined) return computed
    const first = phpExpression(cursor, scope, depth)
    const hasKey = cursor.take('=>')
    const key: string | undefined = hasKey ? keyOf(first) : next === undefined ? undefined : String(next)
    const value = hasKey ? phpExpression(cursor, scope, depth) : first
    const isWhole = cursor.is(',') || cursor.is(end)
    // An element that is computed takes the value of this one element only; a key that is computed may be any.
    if (key === undefined || (!isWhole && !skipElement(end, cursor))) return computed
    found.set(key, isWhole ? value : computed)
    if (/^(?:0|[1-9]\d*)$/.test(key)) next = next === undefined ? undefined : Math.max(next, Number(key) + 1)
    else if (/^-\d+$/.test(key)) next = undefined
    cursor.take(',')
  }
  return found
}

/** True where only the value ended here, and no `=>` says that it was a key. */
function skipElement(end: string, cursor: PhpCursor): boolean {
  for (let depth = 0; cursor.token() !== undefined; cursor.at++) {
    if (depth === 0 && (cursor.is(',') || cursor.is(end))) return true
    if (cursor.is('(') || cursor.is('[') || cursor.is('{')) depth += 1
    if (cursor.is(')') || cursor.is(']') || cursor.is('}')) depth -= 1
    if (cursor.is(';') || (depth === 0 && cursor.is('=>'))) return false
  }
  return false
}

/** Only whole decimal and octal numbers: how PHP writes others depends on its settings. */
function wholeNumber(text: string): PhpValue {
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : undefined
  return value !== undefined && Number.isSafeInteger(value) ? value : computed
}

function negative(value: PhpValue): PhpValue {
  return typeof value === 'number' ? 0 - value : computed
}

function isText(value: PhpValue): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}
