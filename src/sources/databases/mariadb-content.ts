import type { TableFacts } from './database.ts'
import { queryRows, sqlName, sqlText } from './mariadb-client.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'
import { databaseName, surveyMariadb } from './mariadb-survey.ts'
import type { MariadbSurvey } from './mariadb-survey.ts'

/**
 * Drops every view, table, sequence, routine and event of the database; the database itself stays.
 * @throws AppError `database.client` when the server refuses one of them.
 */
export async function dropAll(options: OpenMariadbOptions, signal: AbortSignal): Promise<void> {
  const survey = await surveyMariadb(options, signal)
  const drops = [
    // Events first, so that none of them writes meanwhile.
    ...survey.programs.filter((program) => program.kind === 'EVENT').map((program) => `DROP EVENT IF EXISTS ${sqlName(program.name)};`),
    ...survey.tables.filter((table) => table.kind === 'view').map((table) => `DROP VIEW IF EXISTS ${sqlName(table.name)};`),
    ...survey.tables.filter((table) => table.kind === 'table').map((table) => `DROP TABLE IF EXISTS ${sqlName(table.name)};`),
    ...survey.tables.filter((table) => table.kind === 'sequence').map((table) => `DROP SEQUENCE IF EXISTS ${sqlName(table.name)};`),
    ...survey.programs.filter((program) => program.kind !== 'EVENT').map((program) => `DROP ${program.kind} IF EXISTS ${sqlName(program.name)};`),
  ]
  if (drops.length === 0) return
  await queryRows(options, `SET SESSION foreign_key_checks=0;\n${drops.join('\n')}`, signal, databaseName(options))
}

/** True where the database holds nothing, or does not exist. */
export async function isEmpty(options: OpenMariadbOptions, signal: AbortSignal): Promise<boolean> {
  const survey = await surveyMariadb(options, signal)
  return survey.tables.length === 0 && survey.programs.length === 0
}

/** Tables and views with rows counted by the server, sorted by name; none where there is no database. */
export async function describeDatabase(options: OpenMariadbOptions, signal: AbortSignal): Promise<TableFacts[]> {
  const survey = await surveyMariadb(options, signal)
  const counts = await countRows(options, survey, signal)
  const facts = survey.tables.map((table): TableFacts => {
    const rows = counts.get(table.name)
    return { name: table.name, kind: table.kind === 'view' ? 'view' : 'table', ...(rows === undefined ? {} : { rows }) }
  })
  return facts.sort((left, right) => (left.name < right.name ? -1 : 1))
}

async function countRows(options: OpenMariadbOptions, survey: MariadbSurvey, signal: AbortSignal): Promise<Map<string, number>> {
  const tables = survey.tables.filter((table) => table.kind === 'table')
  if (tables.length === 0) return new Map()
  const rows = await queryRows(options, tables.map((table) => `SELECT ${sqlText(table.name)}, count(*) FROM ${sqlName(table.name)};`).join('\n'), signal, databaseName(options))
  return new Map(rows.map(([name = '', count = '']) => [name, Number(count)]))
}
