import { sqlTokens } from './sql-tokens.ts'
import type { SqlDialect, SqlToken } from './sql-tokens.ts'

/** A name as it stands in a statement from `start` to `end`, with the database before it where one stands there; the name alone is from `bareStart`. */
export type QualifiedName = { readonly database?: string; readonly name: string; readonly start: number; readonly bareStart: number; readonly end: number }

/** What a statement does, as far as dumps are concerned; verb and object in upper case: `CREATE`, `TRIGGER`. */
export type StatementKind = {
  readonly verb: string
  readonly object: string
  readonly names: readonly QualifiedName[]
  /** Where a DEFINER clause lies, and whom it names as `user@host`. */
  readonly definer?: { readonly account: string; readonly start: number; readonly end: number }
  /** A table's storage engine, as mysqldump writes it. */
  readonly engine?: string
}

const objects = ['TABLE', 'TABLES', 'VIEW', 'TRIGGER', 'PROCEDURE', 'FUNCTION', 'EVENT', 'SEQUENCE', 'PACKAGE', 'DATABASE', 'SCHEMA', 'INDEX', 'USER', 'ROLE', 'SERVER', 'TABLESPACE', 'LOGFILE']
/** More than the longest beginning that a CREATE has before its name. */
const createTokens = 80

/** Reads the beginning of a statement that has no conditional comments any more; undefined for an empty one. */
export function statementKind(text: string, dialect: SqlDialect): StatementKind | undefined {
  const first = sqlTokens(text, dialect, 1)[0]
  if (first === undefined) return undefined
  const verb = first.value.toUpperCase()
  const tokens = sqlTokens(text, dialect, verb === 'CREATE' ? createTokens : Number.POSITIVE_INFINITY)
  if (verb === 'INSERT' || verb === 'REPLACE') return { verb, object: 'TABLE', names: namesAfter(tokens, 1, ['LOW_PRIORITY', 'DELAYED', 'HIGH_PRIORITY', 'IGNORE', 'INTO']) }
  if (verb === 'USE') return { verb, object: 'DATABASE', names: namesAfter(tokens, 1, []) }
  if (!isWord(first, 'CREATE', 'DROP', 'ALTER', 'LOCK', 'UNLOCK')) return { verb, object: '', names: [] }
  const definer = verb === 'CREATE' ? definerOf(tokens) : undefined
  const objectAt = tokens.findIndex((token, index) => index > 0 && isWord(token, ...objects) && (definer === undefined || token.start >= definer.end || token.end <= definer.start))
  const object = tokens[objectAt]?.value.toUpperCase() ?? ''
  const engine = object === 'TABLE' ? /\n\) ENGINE=(\w+)/.exec(text)?.[1] : undefined
  return {
    verb,
    object: object === 'SCHEMA' ? 'DATABASE' : object,
    names: object === '' ? [] : namesAfter(tokens, objectAt + 1, ['IF', 'NOT', 'EXISTS', 'BODY'], verb === 'DROP'),
    ...(definer === undefined ? {} : { definer }),
    ...(engine === undefined ? {} : { engine }),
  }
}

/** True for one of these words, outside quotes; the words in upper case. */
export function isWord(token: SqlToken | undefined, ...words: readonly string[]): boolean {
  return token !== undefined && token.kind === 'word' && words.includes(token.value.toUpperCase())
}

/** The name after words that may be passed over; with `list` all names that commas divide. */
function namesAfter(tokens: readonly SqlToken[], from: number, passed: readonly string[], list = false): QualifiedName[] {
  let at = from
  while (isWord(tokens[at], ...passed)) at += 1
  const names: QualifiedName[] = []
  for (;;) {
    const first = tokens[at]
    if (first === undefined || first.kind === 'sign') return names
    const second = tokens[at + 2]
    const qualified = tokens[at + 1]?.value === '.' && second !== undefined
    names.push(qualified ? { database: first.value, name: second.value, start: first.start, bareStart: second.start, end: second.end } : { name: first.value, start: first.start, bareStart: first.start, end: first.end })
    at += qualified ? 3 : 1
    if (!list || tokens[at]?.value !== ',') return names
    at += 1
  }
}

/** `DEFINER = user@host`, `DEFINER = CURRENT_USER`, `DEFINER = role`; only before the object's word. */
function definerOf(tokens: readonly SqlToken[]): StatementKind['definer'] {
  const at = tokens.findIndex((token) => isWord(token, 'DEFINER'))
  const user = tokens[at + 2]
  if (at < 1 || tokens[at + 1]?.value !== '=' || user === undefined) return undefined
  if (tokens.slice(1, at).some((token) => isWord(token, ...objects))) return undefined
  const host = tokens[at + 3]?.value === '@' ? tokens[at + 4] : undefined
  return { account: host === undefined ? user.value : `${user.value}@${host.value}`, start: tokens[at]?.start ?? 0, end: (host ?? user).end }
}
