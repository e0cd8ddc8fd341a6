import { AppError } from '../../kit/app-error.ts'
import { queryRows, sqlName, sqlText } from './mariadb-client.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'
import { databaseName } from './mariadb-survey.ts'
import type { MariadbSurvey, SurveyedProgram } from './mariadb-survey.ts'

/**
 * Whether the dump programs fail on these routines and events. They escape the database's name as a text is escaped and
 * then select the database of the escaped name (fetch_db_collation in mysqldump.c), and look for ever for a delimiter
 * that is not in an event with `;;` (create_delimiter).
 */
export function breaksProgramDump(database: string, programs: readonly SurveyedProgram[]): boolean {
  return ['\'', '"', '\\', '\0', '\n', '\r', '\x1a'].some((sign) => database.includes(sign)) || programs.some(({ endless }) => endless)
}

/**
 * Statements that create these routines and events again, each as dump programs write it: with the sql_mode, time zone
 * and collations that it was created with. Its text is utf8mb4, whatever character set it was typed in.
 *
 * @throws AppError `database.dump` for one that may not be read, `database.client`, `database.unreachable`.
 */
export async function* programStatements(options: OpenMariadbOptions, survey: MariadbSurvey, programs: readonly SurveyedProgram[], signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (programs.length === 0) return
  yield Buffer.from(`-- Routines and events, written by Holdfast: dump programs cannot read these\n\n${opening}`)
  for (const program of programs.toSorted((left, right) => (`${left.kind} ${left.name}` < `${right.kind} ${right.name}` ? -1 : 1))) {
    const [row = []] = await queryRows(options, `SHOW CREATE ${program.kind} ${sqlName(program.name)};`, signal, databaseName(options))
    yield Buffer.from(statementsOf(program, row, survey))
  }
  yield Buffer.from(closing)
}

function statementsOf({ kind, name }: SurveyedProgram, row: readonly string[], survey: MariadbSurvey): string {
  const { collation = '' } = survey
  // Name, sql_mode, for events the time zone, then the statement, character_set_client, collation_connection, the database's collation.
  const isEvent = kind === 'EVENT'
  const [, sqlMode = ''] = row
  const [statement = '', , connection = '', database = ''] = row.slice(isEvent ? 3 : 2)
  if (!/^CREATE\b/i.test(statement)) throw new AppError('database.dump', `${survey.currentUser} may not read ${kind.toLowerCase()} ${name}`)
  const isMoved = database !== collation && /^\w+$/.test(database)
  return [
    ...(isMoved ? [`ALTER DATABASE CHARACTER SET ${database.split('_')[0]} COLLATE ${database};`] : []),
    `SET collation_connection = ${sqlText(connection)};`,
    `SET sql_mode = ${sqlText(sqlMode)};`,
    ...(isEvent ? [`SET time_zone = ${sqlText(row[2] ?? 'SYSTEM')};`] : []),
    `DROP ${kind} IF EXISTS ${sqlName(name)};`,
    'DELIMITER ;;',
    statement,
    ';;',
    'DELIMITER ;',
    ...(isMoved ? [`ALTER DATABASE CHARACTER SET ${collation.split('_')[0]} COLLATE ${collation};`] : []),
    '',
  ].join('\n')
}

const opening = [
  'SET @save_client = @@character_set_client;', 'SET @save_results = @@character_set_results;', 'SET @save_connection = @@collation_connection;',
  'SET @save_mode = @@sql_mode;', 'SET @save_zone = @@time_zone;',
  'SET character_set_client = utf8mb4;', 'SET character_set_results = utf8mb4;', '',
].join('\n')

const closing = [
  'SET character_set_client = @save_client;', 'SET character_set_results = @save_results;', 'SET collation_connection = @save_connection;',
  'SET sql_mode = @save_mode;', 'SET time_zone = @save_zone;', '', '',
].join('\n')
