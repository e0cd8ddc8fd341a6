import type { SelectionRules } from '../model/restore-point.ts'
import { compileRule } from './selection-rule.ts'
import type { Rule } from './selection-rule.ts'

/**
 * `take`: it belongs to the selection. `descend`: a folder that does not, but something below it may. `skip`: neither it nor
 * anything below it.
 */
type Choice = 'take' | 'skip' | 'descend'
/** Tells by a path relative to the root (`.` is the root itself) and by whether it is a folder. */
export type Select = (path: string, isDir: boolean) => Choice

/** What is remembered of folders, so that a walk does not judge all parents again for each name. */
const maxRemembered = 1024

type Parts = readonly string[]
type Judge = (path: string, isDir: boolean) => boolean

/**
 * Makes one question of the rules. Patterns are those of gitignore: `*`, `?` and classes within a part, `**` for any number of
 * parts; a pattern with a slash at its start or within is anchored at the root, others match at any depth; a slash at the
 * end means folders only; `!` takes back; the last match wins; nothing below an excluded folder can be taken back. Unlike
 * in a .gitignore file `#` and blanks are ordinary characters, and letters match with their case.
 *
 * `include` (when not empty) is read the same way: a path is chosen where the last rule that matches it chooses it, or
 * where none matches and its folder is chosen. `exclude` then takes away.
 * @throws AppError `source.selection` for a pattern that cannot mean anything.
 */
export function compileSelection(rules: Pick<SelectionRules, 'include' | 'exclude'>): Select {
  const include = rules.include.map(compileRule)
  const exclude = rules.exclude.map(compileRule)
  const excluded = inherited((parts, isDir, parent) => parent || lastMatch(exclude, parts, isDir) === 'chosen')
  const chosen = include.length === 0
    ? () => true
    : inherited((parts, isDir, parent) => {
        const match = lastMatch(include, parts, isDir)
        return match === undefined ? parent : match === 'chosen'
      })
  const mayHoldChosen = (path: string): boolean => {
    const parts = path.split('/')
    return include.some((rule) => !rule.negated && rule.mayMatchBelow(parts))
  }
  return (path, isDir) => {
    if (path === '.') return 'take'
    if (exclude.length > 0 && excluded(path, isDir)) return 'skip'
    if (chosen(path, isDir)) return 'take'
    return isDir && mayHoldChosen(path) ? 'descend' : 'skip'
  }
}

function lastMatch(rules: readonly Rule[], parts: Parts, isDir: boolean): 'chosen' | 'taken-back' | undefined {
  for (let i = rules.length - 1; i >= 0; i--) {
    const rule = rules[i]
    if (rule !== undefined && (isDir || !rule.foldersOnly) && rule.matches(parts)) return rule.negated ? 'taken-back' : 'chosen'
  }
  return undefined
}

/** A judgement that is handed down from folder to folder; the root's is false. */
function inherited(judge: (parts: Parts, isDir: boolean, parent: boolean) => boolean): Judge {
  const folders = new Map<string, boolean>()
  const ofFolder = (path: string): boolean => {
    const known = folders.get(path)
    if (known !== undefined) return known
    const verdict = of(path, true)
    if (folders.size >= maxRemembered) folders.clear()
    folders.set(path, verdict)
    return verdict
  }
  const of = (path: string, isDir: boolean): boolean => {
    const slash = path.lastIndexOf('/')
    return judge(path.split('/'), isDir, slash === -1 ? false : ofFolder(path.slice(0, slash)))
  }
  return (path, isDir) => (isDir ? ofFolder(path) : of(path, false))
}
