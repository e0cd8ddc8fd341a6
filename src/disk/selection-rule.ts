import { AppError } from '../kit/app-error.ts'
import { compileNamePattern } from './name-pattern.ts'
import type { NamePattern } from './name-pattern.ts'

/** One pattern of a selection. */
export type Rule = {
  readonly negated: boolean
  readonly foldersOnly: boolean
  /** Of a path's parts. */
  matches(parts: readonly string[]): boolean
  /** False only where nothing below this folder can match. */
  mayMatchBelow(parts: readonly string[]): boolean
}

const anyDepth = Symbol('**')
type Part = NamePattern | typeof anyDepth

/** Compiles one pattern as described at `compileSelection`. @throws AppError `source.selection`. */
export function compileRule(pattern: string): Rule {
  const negated = pattern.startsWith('!')
  // `\/` is a slash to git too.
  const text = (negated ? pattern.slice(1) : pattern).replaceAll(/((?:^|[^\\])(?:\\\\)*)\\\//g, '$1/')
  const foldersOnly = text.endsWith('/')
  const body = foldersOnly ? text.slice(0, -1) : text
  if (body === '') throw bad(pattern, 'it names nothing', 'Write a name, or * for everything.')
  const anchored = body.includes('/')
  const names = (body.startsWith('/') ? body.slice(1) : body).split('/')
  if (names.includes('')) throw bad(pattern, 'a part between slashes is empty', 'Use single slashes.')
  if (names.includes('.') || names.includes('..')) {
    throw bad(pattern, 'parts . and .. never match', 'Patterns are relative to the application\'s root: write /cache for cache in the root itself.')
  }
  const parts = names.map((name, i) => (/^\*\*+$/.test(name) ? anyDepth : compile(pattern, name, i)))
  if (!anchored) {
    const [part] = parts
    return { negated, foldersOnly, matches: (path) => part === anyDepth || (part !== undefined && part(path.at(-1) ?? '')), mayMatchBelow: () => true }
  }
  return { negated, foldersOnly, matches: (path) => matchParts(parts, path), mayMatchBelow: (path) => mayMatchBelow(parts, path) }
}

function compile(pattern: string, name: string, at: number): NamePattern {
  const compiled = compileNamePattern(name)
  if (typeof compiled === 'string') throw bad(pattern, `${compiled} (part ${at + 1})`, 'Put a backslash before a character that is meant as it is.')
  return compiled
}

/**
 * Whether the parts match the whole path. `**` stands for any number of parts, at the end for at least one. Only the last `**`
 * is ever retried, which is exact and takes at most parts × path steps.
 */
function matchParts(parts: readonly Part[], path: readonly string[]): boolean {
  let part = 0
  let at = 0
  let retryPart = -1
  let retryAt = 0
  while (at < path.length) {
    const wanted = parts[part]
    if (wanted === anyDepth) {
      if (part === parts.length - 1) return true
      part += 1
      retryPart = part
      retryAt = at
    } else if (wanted !== undefined && wanted(path[at] ?? '')) {
      part += 1
      at += 1
    } else if (retryPart !== -1) {
      retryAt += 1
      at = retryAt
      part = retryPart
    } else {
      return false
    }
  }
  return part === parts.length
}

function mayMatchBelow(parts: readonly Part[], folder: readonly string[]): boolean {
  for (const [i, name] of folder.entries()) {
    const part = parts[i]
    if (part === anyDepth) return true
    if (part === undefined || !part(name)) return false
  }
  return parts.length > folder.length
}

function bad(pattern: string, why: string, hint: string): AppError {
  return new AppError('source.selection', `The pattern "${pattern}" cannot be used: ${why}`, { hint })
}
