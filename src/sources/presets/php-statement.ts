import { isSign, wordOf } from './php-cursor.ts'
import type { PhpToken } from './php-tokens.ts'

type Tokens = readonly PhpToken[]

// Deeper than any configuration; what goes on for ever would fill the stack.
const deepest = 100

const withBody = new Set(['if', 'elseif', 'while', 'for', 'foreach', 'switch', 'declare'])
const declarations = new Set(['abstract', 'final', 'class', 'interface', 'trait'])

/**
 * Where the statement that begins at a token ends, with all that belongs to it: bodies with and without braces, `else`, `catch`, and the
 * form with a colon (`if (…): … endif;`). Where in doubt it takes too much: what lies within is then not known.
 * php.net/manual/en/language.control-structures.
 */
export function statementEnd(tokens: Tokens, from: number, depth = 0): number {
  if (depth > deepest) return tokens.length
  const token = tokens[from]
  if (token === undefined || token.kind === 'open' || isSign(token, ';') || isSign(token, '}')) return Math.min(from + 1, tokens.length)
  if (isSign(token, '{')) return groupEnd(tokens, from)
  const word = wordOf(token) ?? ''
  if (word === 'if') return ifEnd(tokens, from, depth)
  if (withBody.has(word) && isSign(tokens[from + 1], '(')) return bodyEnd(tokens, groupEnd(tokens, from + 1), `end${word}`, depth)
  if (word === 'do') return expressionEnd(tokens, statementEnd(tokens, from + 1, depth + 1))
  if (word === 'try') return tryEnd(tokens, from, depth)
  if (word === 'case' || (word === 'default' && isSign(tokens[from + 1], ':'))) return labelEnd(tokens, from)
  if (declarations.has(word) || (word === 'function' && isDeclared(tokens, from))) return declarationEnd(tokens, from)
  return expressionEnd(tokens, from)
}

/** Behind the bracket that closes the one at a token. */
export function groupEnd(tokens: Tokens, from: number): number {
  for (let at = from, depth = 0; at < tokens.length; at++) {
    depth += nesting(tokens[at])
    if (depth <= 0) return at + 1
  }
  return tokens.length
}

/** Behind the `;` (or before the end of PHP) that ends an expression; before a bracket that closes what it stands in. */
function expressionEnd(tokens: Tokens, from: number): number {
  for (let at = from, depth = 0; at < tokens.length; at++) {
    const token = tokens[at]
    depth += nesting(token)
    if (depth < 0 || (depth === 0 && token?.kind === 'open')) return Math.max(at, from + 1)
    if (depth === 0 && isSign(token, ';')) return at + 1
  }
  return tokens.length
}

/** The body behind the brackets of `while (…)` and its like. */
function bodyEnd(tokens: Tokens, from: number, endWord: string, depth: number): number {
  if (!isSign(tokens[from], ':')) return statementEnd(tokens, from, depth + 1)
  let at = from + 1
  while (at < tokens.length && wordOf(tokens[at]) !== endWord) at = statementEnd(tokens, at, depth + 1)
  return expressionEnd(tokens, at)
}

function ifEnd(tokens: Tokens, from: number, depth: number): number {
  const body = groupEnd(tokens, from + 1)
  if (isSign(tokens[body], ':')) return colonIfEnd(tokens, body + 1, depth)
  let at = statementEnd(tokens, body, depth + 1)
  while (wordOf(tokens[at]) === 'elseif') at = statementEnd(tokens, groupEnd(tokens, at + 1), depth + 1)
  return wordOf(tokens[at]) === 'else' ? statementEnd(tokens, at + 1, depth + 1) : at
}

/** `else:` and `elseif (…):` stand among the statements. */
function colonIfEnd(tokens: Tokens, from: number, depth: number): number {
  let at = from
  for (let word = wordOf(tokens[at]); at < tokens.length && word !== 'endif'; word = wordOf(tokens[at])) {
    if (word === 'elseif') at = groupEnd(tokens, at + 1) + 1
    else if (word === 'else') at += 2
    else at = statementEnd(tokens, at, depth + 1)
  }
  return expressionEnd(tokens, at)
}

function tryEnd(tokens: Tokens, from: number, depth: number): number {
  let at = statementEnd(tokens, from + 1, depth + 1)
  for (let word = wordOf(tokens[at]); word === 'catch' || word === 'finally'; word = wordOf(tokens[at])) {
    at = statementEnd(tokens, word === 'finally' ? at + 1 : groupEnd(tokens, at + 1), depth + 1)
  }
  return at
}

function labelEnd(tokens: Tokens, from: number): number {
  let at = from
  while (at < tokens.length && !isSign(tokens[at], ':') && !isSign(tokens[at], ';')) at += 1
  return Math.min(at + 1, tokens.length)
}

/** Behind the braces of a function or a class. */
export function declarationEnd(tokens: Tokens, from: number): number {
  for (let at = from; at < tokens.length; at++) {
    if (isSign(tokens[at], '{')) return groupEnd(tokens, at)
    if (isSign(tokens[at], ';')) return at + 1
  }
  return tokens.length
}

/** A function with a name; one without is a value. */
function isDeclared(tokens: Tokens, from: number): boolean {
  return tokens[isSign(tokens[from + 1], '&') ? from + 2 : from + 1]?.kind === 'word'
}

function nesting(token: PhpToken | undefined): number {
  if (token?.kind !== 'sign') return 0
  return '([{'.includes(token.text) ? 1 : ')]}'.includes(token.text) ? -1 : 0
}
