import { isAlias, isCollection, isMap, isScalar, isSeq, parseAllDocuments, visit } from 'yaml'
import type { Document, ErrorCode, Node, Pair, YAMLError } from 'yaml'
import type { Problem } from './code-frame.ts'

/** A YAML text as plain values, and where each of them stands. */
export type ParsedYaml = {
  readonly value: unknown
  /** Where the value at a path stands, or its nearest parent that is written; with `key`, the key itself. */
  locate(path: readonly PropertyKey[], part: 'key' | 'value'): { readonly start: number; readonly end: number }
}

// Aliases of aliases grow exponentially; a configuration needs few.
const aliasLimit = 100

/**
 * Parses one YAML 1.2 document of plain data: unique keys, merge keys (`<<`) allowed, no tags.
 * Gives what is wrong instead of values where anything is.
 */
export function parseYaml(text: string): ParsedYaml | readonly Problem[] {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: true, strict: true, prettyErrors: false })
  const [document, second] = Array.isArray(documents) ? documents : []
  if (document === undefined || document.contents === null) return [{ message: 'the file is empty: it needs at least "apps: {NAME: {root: FOLDER}}"', start: 0, end: 0 }]
  const faults = [...document.errors, ...document.warnings]
  // One mistake makes the parser stumble over all that follows.
  const problems = faults.filter(({ code }, index) => index === 0 || code !== 'UNEXPECTED_TOKEN').map((error) => explainYaml(error, text))
  if (second !== undefined) problems.push({ message: 'a second document begins here ("---"); only one is read', start: second.range[0], end: second.range[0] + 1 })
  if (problems.length === 0) problems.push(...danglingAliases(document), ...lostKeys(document))
  if (problems.length > 0) return problems
  try {
    const value: unknown = document.toJS({ maxAliasCount: aliasLimit })
    return { value, locate: (path, part) => locate(document, path, part) }
  } catch {
    return [{ message: `anchors and aliases multiply to more than ${aliasLimit} values`, start: 0, end: 0 }]
  }
}

const words: Partial<Record<ErrorCode, string>> = {
  DUPLICATE_KEY: 'this key stands here twice',
  TAB_AS_INDENT: 'a tab indents this line; YAML wants spaces',
  BAD_INDENT: 'this line is not indented like its neighbours',
  MISSING_CHAR: 'something is missing here: a closing quote, bracket or comma',
  TAG_RESOLVE_FAILED: 'tags ("!name") are not read here',
  UNEXPECTED_TOKEN: 'this is not expected here',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line; is a colon or a quote missing?',
  BLOCK_AS_IMPLICIT_KEY: 'a key with a value cannot begin on this line; is the text after it to be in quotes?',
  BAD_SCALAR_START: 'text that begins with this character must be in quotes',
  KEY_OVER_1024_CHARS: 'this key is too long; is a colon or a quote missing?',
}

// Where one code means several things, the parser's sentence tells which.
const phrases: readonly (readonly [RegExp, string])[] = [
  [/must be sufficiently indented and end with/, 'a bracket is opened and not closed before this'],
  [/^Missing closing/, 'a quote is opened and not closed before this'],
  [/^Implicit map keys need/, 'a colon with a blank after it is missing'],
]

function explainYaml(error: YAMLError, text: string): Problem {
  const message = phrases.find(([pattern]) => pattern.test(error.message))?.[1] ?? words[error.code] ?? 'this is not valid YAML'
  // The parser tells of an indentation at the line's start and of what is unclosed at the end of the text; people look at words.
  const written = text.trimEnd().length
  const blank = /^[ ]*/.exec(text.slice(error.pos[0]))?.[0].length ?? 0
  const start = Math.max(0, Math.min(error.pos[0] + blank, written - 1))
  const word = /^[\w.-]+/.exec(text.slice(start))?.[0].length ?? 1
  return { message, start, end: Math.max(error.pos[1], start + word) }
}

function danglingAliases(document: Document.Parsed): readonly Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return
      const { start, end } = rangeOf(alias) ?? { start: 0, end: 0 }
      problems.push({ message: `"*" begins an alias, and there is no anchor "&${alias.source}" before it; text that begins so must be in quotes`, start, end })
    },
  })
  return problems
}

/** Keys that YAML tells apart, or has, and that would get lost on the way to plain values. */
function lostKeys(document: Document.Parsed): readonly Problem[] {
  const problems: Problem[] = []
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const pair of items) {
        const key = keyOf(pair) ?? ''
        const { start, end } = rangeOf(pair.key) ?? { start: 0, end: 0 }
        if (key === '__proto__') problems.push({ message: `"${key}" cannot be used as a name`, start, end })
        else if (seen.has(key) && key !== '<<') problems.push({ message: 'this key stands here twice', start, end })
        seen.add(key)
      }
    },
  })
  return problems
}

/** The node at a path, through aliases and merge keys; items of lists are counted from 1. */
export function nodeAt(document: Document.Parsed, path: readonly string[]): unknown {
  let node: unknown = resolved(document.contents, document)
  for (const step of path) node = resolved(childOf(node, isSeq(node) ? Number(step) - 1 : step, document)?.value, document)
  return node
}

function locate(document: Document.Parsed, path: readonly PropertyKey[], part: 'key' | 'value'): { start: number; end: number } {
  let node: unknown = document.contents
  let place = rangeOf(node)
  for (const [index, step] of path.entries()) {
    const pair = childOf(resolved(node, document), step, document)
    if (pair === undefined) break
    node = pair.value
    place = (part === 'key' && index === path.length - 1 ? rangeOf(pair.key) : rangeOf(node)) ?? rangeOf(pair.key) ?? place
    // A value on the lines below its key is told at the key: the caret belongs to what the user reads.
    if (isCollection(resolved(node, document)) && pair.key !== undefined) place = rangeOf(pair.key) ?? place
  }
  return place ?? { start: 0, end: 0 }
}

function childOf(node: unknown, step: PropertyKey, document: Document.Parsed): { key?: unknown; value: unknown } | undefined {
  if (isSeq(node)) return typeof step === 'number' && node.items[step] !== undefined ? { value: node.items[step] } : undefined
  if (!isMap(node)) return undefined
  const pairs: Pair[] = node.items
  const own = pairs.find((pair) => keyOf(pair) === String(step))
  if (own !== undefined) return { key: own.key, value: own.value }
  for (const merge of pairs.filter((pair) => keyOf(pair) === '<<')) {
    const sources = resolved(merge.value, document)
    for (const source of isSeq(sources) ? sources.items : [sources]) {
      const found = childOf(resolved(source, document), step, document)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function keyOf(pair: Pair): string | undefined {
  if (!isScalar(pair.key)) return undefined
  const { value } = pair.key
  // The parser gives the merge key as a symbol.
  return typeof value === 'symbol' ? value.description : String(value)
}

function resolved(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

function rangeOf(node: unknown): { start: number; end: number } | undefined {
  const range = typeof node === 'object' && node !== null && 'range' in node ? (node as Node).range : undefined
  return range === undefined || range === null ? undefined : { start: range[0], end: range[1] }
}
