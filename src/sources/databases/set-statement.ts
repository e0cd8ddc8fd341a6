import { sqlTokens } from './sql-tokens.ts'
import type { SqlDialect, SqlToken } from './sql-tokens.ts'
import { isWord } from './statement-kind.ts'

/** Character sets in which a backslash may be the second byte of a character: clients and servers then disagree on quotes. */
const treacherousCharsets = new Set(['BIG5', 'GBK', 'GB18030', 'SJIS', 'CP932'])
/** Session variables that dumps save in user variables, to set them back. */
const savable = /^(?:character_set_(?:client|results)|collation_connection|time_zone|unique_checks|foreign_key_checks|sql_mode|sql_notes|sql_log_bin|autocommit|note_verbosity|innodb_strict_mode)$/i

/** The sql_mode that a statement sets: a text, or the empty text where it sets back a saved one; undefined if it sets none. */
export function sqlModeSetBy(statement: string): string | undefined {
  const set = /\bsql_mode\s*:?=\s*(?:'([^']*)'|"([^"]*)"|@\w)/i.exec(statement)
  return set === null ? undefined : (set[1] ?? set[2] ?? '').toUpperCase()
}

/**
 * What is wrong with a SET statement of a dump; undefined where it is harmless: it sets variables of this session to
 * plain values or back to saved ones, NAMES, or a character set. `global`: it concerns the whole server. `charset`: what
 * follows would be in a character set that clients and servers may read differently. Strict, because what follows is read by the sql_mode and character set that it sets.
 */
export function setStatementFault(text: string, raw: string, dialect: SqlDialect): 'global' | 'charset' | 'unusual' | undefined {
  const tokens = sqlTokens(text, dialect, 1000).slice(1)
  if (tokens.some((token) => isWord(token, 'GLOBAL', 'PERSIST', 'PERSIST_ONLY'))) return 'global'
  for (const assignment of dividedByCommas(tokens)) {
    if (isNames(assignment)) {
      if (assignment.some(isTreacherous)) return 'charset'
    } else if (assignment.some((token) => isWord(token, 'CHARACTER_SET_CLIENT', 'CHARACTER_SET_CONNECTION')) && assignment.some(isTreacherous)) {
      return 'charset'
    } else if (!isHarmlessAssignment(assignment, raw)) {
      return 'unusual'
    }
  }
  return undefined
}

function isTreacherous(token: SqlToken): boolean {
  return treacherousCharsets.has(token.value.toUpperCase())
}

function dividedByCommas(tokens: readonly SqlToken[]): SqlToken[][] {
  const parts: SqlToken[][] = [[]]
  for (const token of tokens) {
    if (token.kind === 'sign' && token.value === ',') parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

function isNames(tokens: readonly SqlToken[]): boolean {
  const [first, second, third, fourth] = tokens
  if (isWord(first, 'NAMES')) return isPlain(second) && (tokens.length === 2 || (tokens.length === 4 && isWord(third, 'COLLATE') && isPlain(fourth)))
  return isWord(first, 'CHARACTER') && isWord(second, 'SET') && isPlain(third) && tokens.length === 3
}

function isPlain(token: SqlToken | undefined): boolean {
  return token?.kind === 'word' || token?.kind === 'text'
}

function isHarmlessAssignment(tokens: readonly SqlToken[], raw: string): boolean {
  const signs = tokens.map((token) => (token.kind === 'sign' ? token.value : token.kind === 'word' ? 'w' : 'q')).join('')
  const parts = /^(@w|(?:@@(?:w\.)?|w)?w)(?::?=)(@w|@@(?:w\.)?w|[-+]?[wq])$/.exec(signs)
  if (parts === null) return false
  const words = tokens.filter((token) => token.kind !== 'sign')
  const [target = '', value = ''] = [parts[1], parts[2]]
  const targetWords = target.replaceAll(/[^w]/g, '').length
  const name = words[targetWords - 1]?.value.toLowerCase() ?? ''
  if (targetWords === 2 && !isWord(words[0], 'SESSION', 'LOCAL')) return false
  const given = words.at(-1)
  if (given === undefined) return false
  if (value.startsWith('@@')) {
    const valueWords = value.replaceAll(/[^w]/g, '').length
    if (valueWords === 2 && !isWord(words.at(-2), 'SESSION', 'LOCAL')) return false
    return target === '@w' && savable.test(given.value)
  }
  if (target === '@w') return /^\d+$|^null$/i.test(given.value) && given.kind === 'word'
  if (name === 'password' || name === 'role') return false
  if (name === 'sql_mode') return value === '@w' ? sqlModeSetBy(raw) === '' : given.kind === 'text' && sqlModeSetBy(raw) === given.value.toUpperCase()
  return !(name.startsWith('character_set') && isTreacherous(given))
}
