import { createHash } from 'node:crypto'
import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { DumpTrust, TableFacts } from './database.ts'
import type { DumpSummary } from './dump-tally.ts'
import { ImportFilter } from './import-filter.ts'
import type { FilterNotes } from './import-filter.ts'
import { clientOutput, findProgram, queryRows, serverWords, sqlName, sqlText } from './mariadb-client.ts'
import { describeDatabase, dropAll } from './mariadb-content.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'
import { databaseName, surveyMariadb } from './mariadb-survey.ts'
import type { MariadbSurvey } from './mariadb-survey.ts'
import { dialectOf } from './sql-tokens.ts'

const lockSeconds = 60

/**
 * Makes the database what the dump holds: it is created when it is missing and we may, all that is in it is dropped,
 * then the dump is imported by the vendor's client, which stops at the first error. Tables and rows are then compared
 * with what the dump held and, where given, with the facts of the restore point. After a failure the database is in
 * an undefined state, and the same call with another dump puts it right.
 *
 * A dump of a `stranger` may name no other database of the server, wherever in it.
 * A DEFINER that we may not set or that the server does not know becomes the importing user, with a note.
 *
 * @throws AppError `database.import` (the server's words and the line; a statement that was refused; a difference),
 *   `database.unreachable`, `process.missing`; what `content` throws.
 */
export async function importDump(options: OpenMariadbOptions, content: AsyncIterable<Uint8Array>, run: Run, facts?: DatabaseFacts, trust: DumpTrust = 'ours'): Promise<DumpSummary> {
  const name = databaseName(options)
  const client = await findProgram('client', options, run.signal)
  const survey = await readyDatabase(options, run, facts)
  await awaitEarlierImport(options, name, run.signal)
  await dropAll(options, run.signal)
  const filter = new ImportFilter({ database: name, dialect: dialectOf(survey.version), foldsCase: survey.foldsCase, ...(trust === 'ours' ? {} : { others: survey.others }), keepsDefiner: await definerRule(options, survey, run.signal) })
  const ended: ReturnType<ImportFilter['end']>[] = []
  const args = [
    '--batch', '--binary-mode', '--comments', '--skip-reconnect', '--no-auto-rehash', '--local-infile=0', '--max-allowed-packet=1G',
    ...(client.sandbox ? ['--sandbox'] : []), '--', name,
  ]
  try {
    const printed = clientOutput(client.path, options, args, { signal: run.signal, stdin: filtered(name, content, filter, (end) => { ended.push(end) }) })
    for await (const _ of printed) void _
  } catch (error) {
    throw importFailure(name, error)
  }
  const end = ended[0]
  if (end === undefined) throw new AppError('database.import', `The client ended before it had read the whole dump of ${name}`)
  tellNotes(name, survey, end.notes, run)
  const now = await describeDatabase(options, run.signal)
  compare(name, end.summary.tables, now)
  if (facts !== undefined) compare(name, facts.tables, now)
  return end.summary
}

/**
 * The client of a run that was killed goes on with the statements that it had already read. It holds a lock of the
 * server's until it ends, so that whoever imports next does not race it.
 */
async function awaitEarlierImport(options: OpenMariadbOptions, name: string, signal: AbortSignal): Promise<void> {
  const rows = await queryRows(options, `SELECT GET_LOCK(${sqlText(lockName(name))}, ${lockSeconds});`, signal)
  if (rows[0]?.[0] !== '1') throw new AppError('database.import', `Another import into ${name} has not ended within ${lockSeconds} seconds`, { hint: 'See SHOW PROCESSLIST on the server; try again when it has ended.', retry: true })
}

function lockName(database: string): string {
  return `holdfast-import-${createHash('sha256').update(database).digest('hex').slice(0, 16)}`
}

async function* filtered(name: string, content: AsyncIterable<Uint8Array>, filter: ImportFilter, ended: (end: ReturnType<ImportFilter['end']>) => void): AsyncGenerator<Uint8Array, void, undefined> {
  // Foreign keys may point to tables that come later; our own and mysqldump's dumps say so themselves.
  yield Buffer.from(`DO GET_LOCK(${sqlText(lockName(name))}, ${lockSeconds}); SET SESSION foreign_key_checks=0;`)
  for await (const bytes of content) yield* filter.pass(bytes)
  const end = filter.end()
  yield* end.rest
  ended(end)
}

/** The database as it is before: created with the collation it had, where it is missing. */
async function readyDatabase(options: OpenMariadbOptions, run: Run, facts: DatabaseFacts | undefined): Promise<MariadbSurvey> {
  const name = databaseName(options)
  const survey = await surveyMariadb(options, run.signal)
  const collate = facts?.collation === undefined || !/^\w+$/.test(facts.collation) ? '' : ` COLLATE ${facts.collation}`
  if (survey.collation === undefined) {
    try {
      await queryRows(options, `CREATE DATABASE ${sqlName(name)}${collate};`, run.signal)
    } catch (error) {
      throw new AppError('database.import', `The database ${name} does not exist, and ${survey.currentUser} could not create it: ${serverWords(error)}`, {
        hint: `As the server's administrator: CREATE DATABASE ${sqlName(name)}; GRANT ALL ON ${sqlName(name)}.* TO the user.`, cause: error,
      })
    }
  } else if (collate !== '' && survey.collation !== facts?.collation) {
    await queryRows(options, `ALTER DATABASE ${sqlName(name)}${collate};`, run.signal).catch((error: unknown) => {
      run.emit({ type: 'run.note', code: 'database.collation', message: `${name} keeps the default collation ${survey.collation ?? ''} instead of ${facts?.collation ?? ''}: ${serverWords(error)}` })
    })
  }
  return survey
}

async function definerRule(options: OpenMariadbOptions, survey: MariadbSurvey, signal: AbortSignal): Promise<(account: string) => boolean> {
  const { grants, currentUser } = survey
  const any = ['SUPER', 'SET USER', 'SET_USER_ID', 'SET_ANY_DEFINER'].some((privilege) => grants.everywhere(privilege))
  if (!any) return (account) => account === currentUser
  // Who may set any definer but not read the accounts cannot know which of them exist.
  const rows = await queryRows(options, 'SELECT concat(user, if(host = \'\', \'\', \'@\'), host) FROM mysql.user;', signal).catch(() => [])
  const accounts = new Set(rows.map((row) => row[0]))
  return (account) => account === currentUser || accounts.has(account)
}

function tellNotes(name: string, survey: MariadbSurvey, notes: FilterNotes, run: Run): void {
  for (const [account, count] of notes.definers) {
    run.emit({ type: 'run.note', code: 'database.definer', message: `${count} views, triggers, routines or events of ${name} were defined by ${account}, which ${survey.currentUser} cannot set; they are now defined by ${survey.currentUser}` })
  }
  for (const what of notes.leftOut) run.emit({ type: 'run.note', code: 'database.left-out', message: `Left out on import into ${name}: ${what}` })
}

function compare(name: string, wanted: readonly TableFacts[], now: readonly TableFacts[]): void {
  const found = new Map(now.map((table) => [table.name, table]))
  const faults: string[] = []
  for (const table of wanted) {
    const there = found.get(table.name)
    if (there === undefined) faults.push(`${table.kind} ${table.name} is missing`)
    else if (table.rows !== undefined && there.rows !== undefined && table.rows !== there.rows) faults.push(`${table.name} has ${there.rows} rows instead of ${table.rows}`)
  }
  if (faults.length === 0) return
  const list = `${faults.slice(0, 10).join('; ')}${faults.length > 10 ? `; and ${faults.length - 10} more` : ''}`
  throw new AppError('database.import', `After the import ${name} is not what the dump holds: ${list}`, { hint: 'Stop what writes to the database, and restore again.' })
}

function importFailure(name: string, error: unknown): unknown {
  if (!(error instanceof AppError) || error.code === 'interrupted' || error.code === 'process.missing') return error
  // What the filter or the archive said is the reason; that the client was ended is its consequence.
  if (error.cause instanceof AppError && (error.cause.code !== 'process.failed' || error.cause.cause instanceof AppError)) return error.cause
  const words = serverWords(error)
  const hint = /\b1419\b/.test(words)
    ? 'The server keeps a binary log: set log_bin_trust_function_creators=1, or import as a user with SUPER.'
    : 'Nothing is lost: the dump is still in the restore point.'
  return new AppError('database.import', `The import into ${name} stopped: ${words}`, { hint, cause: error })
}
