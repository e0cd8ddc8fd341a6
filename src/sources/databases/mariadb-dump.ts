import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Dump } from './database.ts'
import type { DumpSummary } from './dump-tally.ts'
import { clientOutput, findProgram, serverWords } from './mariadb-client.ts'
import type { FoundProgram } from './mariadb-client.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'
import { breaksProgramDump, programStatements } from './mariadb-programs.ts'
import { brokenViews, databaseName, surveyMariadb } from './mariadb-survey.ts'
import type { MariadbSurvey, SurveyedTable } from './mariadb-survey.ts'
import { DumpScanner } from './scan-dump.ts'

/**
 * A dump that streams from the vendor's client when its entry is read; nothing of it lies on disk.
 * What the user may not see or read is left out and told by `run.warning`; never in silence.
 * The stream ends normally only after exit status 0 and with the closing line `-- Dump completed`.
 *
 * @throws AppError `database.unreachable`, `database.client`, `process.missing`, `config.invalid`; the stream
 *   `database.dump` with the server's own words.
 */
export async function mariadbDump(options: OpenMariadbOptions, run: Run, path: string): Promise<Dump> {
  const name = databaseName(options)
  const program = await findProgram('dump', options, run.signal)
  const survey = await surveyMariadb(options, run.signal)
  if (survey.collation === undefined) {
    throw new AppError('database.unreachable', `There is no database ${name} that ${survey.currentUser} may see`, { hint: 'Correct its name, or grant the user access to it.' })
  }
  const plan = planOf(options, survey, await brokenViews(options, survey, run.signal), run)
  let facts: DatabaseFacts | undefined
  const startedNs = BigInt(run.now().getTime()) * 1_000_000n
  return {
    entry: {
      path, kind: 'file', mode: 0o600, mtimeNs: startedNs, dump: true,
      open: (signal) => dumpStream(program, options, survey, { run, signal }, (summary) => {
        facts = factsOf(name, path, survey, summary, plan)
      }, plan),
    },
    facts: () => {
      if (facts === undefined) throw new AppError('internal', `The dump of ${name} has not been read to its end`)
      return facts
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

type Plan = {
  readonly arguments: readonly string[]
  readonly skipped: ReadonlySet<string>
  readonly withoutRows: ReadonlySet<string>
  /** Tables and views that must be in the dump. */
  readonly expected: readonly string[]
  /** Routines and events that the program cannot dump and Holdfast writes. */
  readonly programs: MariadbSurvey['programs']
}

function planOf(options: OpenMariadbOptions, survey: MariadbSurvey, broken: ReadonlyMap<string, string>, run: Run): Plan {
  const name = databaseName(options)
  const chosen = (patterns: readonly string[] | undefined): SurveyedTable[] => survey.tables.filter((table) => (patterns ?? []).some((pattern) => matches(pattern, table.name)))
  const skipped = new Set(chosen(options.skipTables).map((table) => table.name))
  const withoutRows = new Set(chosen(options.skipTableData).filter((table) => table.kind === 'table').map((table) => table.name))
  if (skipped.size > 0) run.emit({ type: 'run.note', code: 'database.skipped-table', message: `Left out of ${name}, as configured: ${[...skipped].join(', ')}` })
  if (withoutRows.size > 0) run.emit({ type: 'run.note', code: 'database.skipped-rows', message: `Saved without rows in ${name}, as configured: ${[...withoutRows].join(', ')}` })
  for (const [view, fault] of broken) {
    if (skipped.has(view)) continue
    skipped.add(view)
    run.emit({ type: 'run.warning', code: 'database.broken-view', message: `The view ${view} of ${name} is broken and not in the dump: ${fault}` })
  }
  const readable = programsArguments(name, survey, run)
  const own = breaksProgramDump(name, readable.programs)
  return {
    arguments: [
      '--opt', '--quick', '--comments', '--skip-dump-date', '--hex-blob', '--no-tablespaces', '--tz-utc', '--triggers', '--max-allowed-packet=1G',
      ...lockingArguments(options, survey, skipped, run), ...(own ? ['--skip-routines', '--skip-events'] : readable.arguments),
      ...[...skipped].map((table) => `--ignore-table=${name}.${table}`),
      ...[...withoutRows].map((table) => `--ignore-table-data=${name}.${table}`),
      '--', name,
    ],
    skipped,
    withoutRows,
    expected: survey.tables.map((table) => table.name).filter((table) => !skipped.has(table)),
    programs: own ? readable.programs : [],
  }
}

/**
 * One transaction sees one moment of InnoDB tables and stops nobody. Tables without transactions would be torn: with
 * any of them all tables are locked while the dump is taken, as mysqldump does by itself; writers wait.
 */
function lockingArguments(options: OpenMariadbOptions, survey: MariadbSurvey, skipped: ReadonlySet<string>, run: Run): string[] {
  const name = databaseName(options)
  const torn = survey.tables.filter((table) => table.kind === 'table' && !table.transactional && !skipped.has(table.name)).map((table) => `${table.name} (${table.engine})`)
  const lock = options.lockTables ?? torn.length > 0
  if (!lock && torn.length === 0) return ['--single-transaction']
  const list = `${torn.slice(0, 10).join(', ')}${torn.length > 10 ? `, and ${torn.length - 10} more` : ''}`
  if (lock && survey.grants.within(name, 'LOCK TABLES')) {
    if (torn.length > 0) run.emit({ type: 'run.note', code: 'database.locked', message: `${name} has tables without transactions: ${list}; all its tables are locked for writing while the dump is taken. Tables of the engine InnoDB need no lock.` })
    return ['--lock-tables', '--skip-single-transaction']
  }
  run.emit({
    type: 'run.warning', code: 'database.not-consistent',
    message: torn.length === 0
      ? `${survey.currentUser} may not lock the tables of ${name}: the dump is taken in one transaction instead`
      : `${name} has tables without transactions: ${list}; they are not locked while the dump is taken${lock ? ` (${survey.currentUser} lacks LOCK TABLES)` : ''}, so that what is written meanwhile may be in it in part`,
  })
  return ['--single-transaction']
}

/** Which of routines and events can be dumped; what cannot, and what we could not even see, is told. */
function programsArguments(name: string, survey: MariadbSurvey, run: Run): { readonly arguments: readonly string[]; readonly programs: MariadbSurvey['programs'] } {
  const { grants, currentUser } = survey
  const warn = (message: string): void => run.emit({ type: 'run.warning', code: 'database.privileges', message })
  const may = (...privileges: readonly string[]): boolean => privileges.some((privilege) => grants.within(name, privilege))
  if (!may('SELECT')) warn(`${currentUser} lacks SELECT on the whole of ${name}: tables that it does not see are not in the dump`)
  const events = may('EVENT')
  if (!events) warn(`${currentUser} lacks EVENT on ${name}: events, if there are any, are not in the dump`)
  if (!may('TRIGGER')) warn(`${currentUser} lacks TRIGGER on ${name}: triggers, if there are any, are not in the dump`)
  const hidden = survey.programs.filter((program) => program.hidden)
  if (hidden.length > 0) {
    warn(`${currentUser} may not read ${hidden.map((program) => `${program.kind.toLowerCase()} ${program.name}`).join(', ')} of ${name}: no routine is in the dump. Grant it SELECT on mysql.proc (MariaDB), or SHOW CREATE ROUTINE or SHOW_ROUTINE (newer servers).`)
  } else if (!may('EXECUTE', 'ALTER ROUTINE', 'CREATE ROUTINE', 'SHOW CREATE ROUTINE') && !grants.everywhere('SHOW_ROUTINE') && !grants.within('mysql', 'SELECT')) {
    warn(`${currentUser} lacks EXECUTE on ${name}: routines, if there are any, are not in the dump`)
  }
  return {
    arguments: [hidden.length > 0 ? '--skip-routines' : '--routines', events ? '--events' : '--skip-events'],
    programs: survey.programs.filter(({ kind }) => (kind === 'EVENT' ? events : hidden.length === 0)),
  }
}

async function* dumpStream(program: FoundProgram, options: OpenMariadbOptions, survey: MariadbSurvey, context: { run: Run; signal: AbortSignal }, finished: (summary: DumpSummary) => void, plan: Plan): AsyncGenerator<Uint8Array, void, undefined> {
  const name = databaseName(options)
  const scanner = new DumpScanner()
  const said: string[] = []
  let begun = false
  // Unknown options of Oracle's program, which asks MariaDB servers and older ones for what they lack.
  const vendor = program.mariadb ? [] : ['--loose-set-gtid-purged=OFF', '--loose-column-statistics=0']
  try {
    const signal = AbortSignal.any([context.signal, context.run.signal])
    for await (const bytes of programStatements(options, survey, plan.programs, signal)) {
      scanner.write(bytes)
      yield bytes
    }
    for await (const bytes of clientOutput(program.path, options, [...vendor, ...plan.arguments], { signal, onStderrLine: (line) => { if (said.length < 20) said.push(line) } })) {
      begun = true
      scanner.write(bytes)
      yield bytes
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'interrupted' || (error.code === 'database.unreachable' && !begun)) throw error
    throw failed(name, serverWords(error), error)
  }
  const summary = scanner.end()
  if (!summary.completed) throw failed(name, 'it ended without its closing line "-- Dump completed"')
  const dumped = new Set(summary.tables.map((table) => table.name))
  const missing = plan.expected.filter((table) => !dumped.has(table))
  if (missing.length > 0) throw failed(name, `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not in it`)
  for (const line of said) context.run.emit({ type: 'run.note', code: 'database.client', message: `${name}: ${line}` })
  if (scanner.isTreacherous) {
    context.run.emit({ type: 'run.warning', code: 'database.charset', message: `${name} holds triggers, views, routines or events that were made in a character set such as GBK or SJIS: Holdfast does not import this dump, and it must be imported by hand. Make them again with a client in utf8mb4` })
  }
  finished(summary)
}

function failed(name: string, words: string, cause?: unknown): AppError {
  const hint = /SHOW VIEW|insufficient|denied/i.test(words) ? 'Grant the user SELECT, SHOW VIEW, TRIGGER, EVENT and LOCK TABLES on the database.' : 'Nothing of this dump is used. Look at the database server\'s log.'
  return new AppError('database.dump', `The dump of ${name} failed: ${words}`, { hint, ...(cause === undefined ? {} : { cause }) })
}

function factsOf(name: string, path: string, survey: MariadbSurvey, summary: DumpSummary, plan: Plan): DatabaseFacts {
  return {
    name, engine: 'mariadb', version: survey.version, path, sizeBytes: summary.sizeBytes,
    tables: summary.tables.map((table) => (plan.withoutRows.has(table.name) ? { name: table.name, kind: table.kind } : { ...table })),
    ...(survey.collation === undefined ? {} : { collation: survey.collation }),
  }
}

function matches(pattern: string, table: string): boolean {
  const source = pattern.split('*').map((part) => RegExp.escape(part)).join('.*')
  return new RegExp(`^${source}$`, 'su').test(table)
}
