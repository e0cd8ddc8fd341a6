import { AppError } from '../../kit/app-error.ts'
import { Grants } from './mariadb-grants.ts'
import { queryRows, sqlName, sqlText } from './mariadb-client.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'

export type SurveyedTable = {
  readonly name: string
  readonly kind: 'table' | 'view' | 'sequence'
  readonly engine: string
  /** False where a dump in one transaction does not see one moment of it. */
  readonly transactional: boolean
}

/** A routine or an event. `hidden`: we may not read its body; `endless`: dump programs loop for ever over it. */
export type SurveyedProgram = { readonly kind: string; readonly name: string; readonly hidden: boolean; readonly endless: boolean }

const readOnly: ReadonlySet<string> = new Set(['information_schema', 'performance_schema'])

/** What a user sees of a database and may do there. */
export type MariadbSurvey = {
  readonly version: string
  /** `user@host`, as the server knows us. */
  readonly currentUser: string
  /** undefined: the database does not exist, or we may not see it. */
  readonly collation: string | undefined
  readonly tables: readonly SurveyedTable[]
  readonly programs: readonly SurveyedProgram[]
  readonly grants: Grants
  /** Other databases that this user sees, in lower case; those in which nothing can be changed are not among them. */
  readonly others: ReadonlySet<string>
  /** Whether names of tables that differ by case alone are one table's. */
  readonly foldsCase: boolean
}

/** @throws AppError `database.unreachable`, `database.client`, `process.missing`, `config.invalid` (no name). */
export async function surveyMariadb(options: OpenMariadbOptions, signal: AbortSignal): Promise<MariadbSurvey> {
  const database = sqlText(databaseName(options))
  // These servers compare the name of an event's database without regard to case, though `Shop` and `shop` are two.
  const exactly = (column: string): string => `${column} = ${database} AND (@@lower_case_table_names <> 0 OR binary ${column} = binary ${database})`
  const rows = await queryRows(options, [
    'SELECT \'version\', version(), current_user(), @@lower_case_table_names <> 0;',
    'SELECT \'database\', schema_name FROM information_schema.schemata;',
    `SELECT 'collation', default_collation_name FROM information_schema.schemata WHERE ${exactly('schema_name')};`,
    'SELECT \'engine\', engine FROM information_schema.engines WHERE transactions = \'YES\';',
    `SELECT 'table', table_name, table_type, ifnull(engine, '') FROM information_schema.tables WHERE ${exactly('table_schema')};`,
    `SELECT 'program', routine_type, routine_name, routine_definition IS NULL FROM information_schema.routines WHERE ${exactly('routine_schema')};`,
    `SELECT 'program', 'EVENT', event_name, 0, instr(concat(event_name, event_definition, event_comment), ';;') > 0 FROM information_schema.events WHERE ${exactly('event_schema')};`,
    'SHOW GRANTS;',
  ].join('\n'), signal)
  const of = (kind: string): string[][] => rows.filter((row) => row[0] === kind).map((row) => row.slice(1))
  const transactional = new Set(of('engine').map(([engine]) => engine))
  const [version = '', currentUser = '', foldsCase] = of('version')[0] ?? []
  return {
    version,
    currentUser,
    others: new Set(of('database').map(([name = '']) => name).filter((name) => name !== options.name).map((name) => name.toLowerCase()).filter((name) => !readOnly.has(name))),
    foldsCase: foldsCase === '1',
    collation: of('collation')[0]?.[0],
    tables: of('table').map(([name = '', type = '', engine = '']) => surveyed(name, type, engine, transactional.has(engine))),
    programs: of('program').map(([kind = '', name = '', hidden, endless]) => ({ kind, name, hidden: hidden === '1', endless: endless === '1' })),
    grants: new Grants(rows.filter((row) => row.length === 1).map((row) => row[0] ?? '')),
  }
}

/**
 * Views that the server itself cannot open, with what it says: a table or column is gone, or the definer is. The dump
 * programs stop at the first of them.
 */
export async function brokenViews(options: OpenMariadbOptions, survey: MariadbSurvey, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const views = survey.tables.filter((table) => table.kind === 'view').map((table) => table.name)
  if (views.length === 0) return new Map()
  const database = databaseName(options)
  const rows = await queryRows(options, `CHECK TABLE ${views.map(sqlName).join(', ')};`, signal, database)
  return new Map(rows.flatMap(([table = '', , type = '', text = '']) => {
    const view = views.find((name) => table === `${database}.${name}`)
    return view === undefined || type.toLowerCase() !== 'error' || !/references invalid|definer/i.test(text) ? [] : [[view, text] as const]
  }))
}

/** @throws AppError `config.invalid`. */
export function databaseName(options: OpenMariadbOptions): string {
  if (options.name === undefined) throw new AppError('config.invalid', 'A MariaDB database has no name', { hint: 'Set `name` to the database to save.' })
  return options.name
}

function surveyed(name: string, type: string, engine: string, transactional: boolean): SurveyedTable {
  if (type.endsWith('VIEW')) return { name, kind: 'view', engine, transactional: true }
  if (type === 'SEQUENCE') return { name, kind: 'sequence', engine, transactional: true }
  return { name, kind: 'table', engine, transactional }
}
