import { sqlTokens } from './sql-tokens.ts'
import type { SqlDialect } from './sql-tokens.ts'
import { isWord } from './statement-kind.ts'

/**
 * The first of these databases that a statement names before a dot, wherever in it: in the body of a trigger, a view, a routine, an event.
 * `databases` in lower case. A table's alias of such a name is taken for it: rather too much is refused.
 */
export function otherDatabaseIn(text: string, dialect: SqlDialect, databases: ReadonlySet<string>): string | undefined {
  if (databases.size === 0) return undefined
  const tokens = sqlTokens(text, dialect, Number.POSITIVE_INFINITY)
  return tokens.find((token, at) => token.kind !== 'sign' && tokens[at + 1]?.value === '.' && tokens[at + 2] !== undefined && tokens[at + 2]?.kind !== 'sign' && databases.has(token.value.toLowerCase()))?.value
}

/** Whether a routine or an event makes statements as it runs, which nobody can read beforehand. */
export function makesStatements(text: string, dialect: SqlDialect): boolean {
  return sqlTokens(text, dialect, Number.POSITIVE_INFINITY).some((token) => isWord(token, 'PREPARE', 'EXECUTE'))
}

/** The table that a trigger is on. */
export function tableOfTrigger(text: string, dialect: SqlDialect, nameEnd: number): string | undefined {
  const tokens = sqlTokens(text, dialect, 200)
  const on = tokens.findIndex((token) => token.start >= nameEnd && isWord(token, 'ON'))
  if (on === -1) return undefined
  return tokens[on + 2]?.value === '.' ? tokens[on + 3]?.value : tokens[on + 1]?.value
}
