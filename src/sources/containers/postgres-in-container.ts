import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { TableFacts } from '../databases/database.ts'
import type { ContainerDatabase, ContainerServer, LoginOptions } from './container-database.ts'
import { placedDump, qualifiedName } from './container-database.ts'
import type { Container } from './container.ts'
import { containerSecret } from './container-secret.ts'
import { missingRolesOnly } from './missing-roles-only.ts'
import type { Present } from './missing-roles-only.ts'
import { requireAll } from './mariadb-in-container.ts'
import type { PostgresServer } from './postgres-client.ts'
import { psqlScript, refuseUnsafeDump } from './psql-script.ts'
import { connectionTo, maintenanceDatabase, postgresOutput, postgresRows, quiet, serverWords, sqlIdentifier, sqlLiteral } from './postgres-client.ts'
import { PostgresDumpScanner, tableName } from './scan-postgres-dump.ts'

/** The name under which a server's roles and tablespaces are dumped; no database has it. */
const rolesName = '(roles)'

/** The roles of a PostgreSQL server that runs in a container, then its databases. @throws AppError `database.unreachable`, `containers.*`. */
export async function postgresInContainer(container: Container, login: LoginOptions, signal: AbortSignal): Promise<ContainerServer> {
  const server = await serverOf(container, login, signal)
  const [[dataFolder = ''] = []] = await postgresRows(server, maintenanceDatabase, 'SHOW data_directory', signal)
  const rows = await postgresRows(server, maintenanceDatabase, 'SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname', signal)
  const names = rows.map(([name = '']) => name).filter((name) => login.databases === undefined || login.databases.includes(name))
  requireAll(container, login, names)
  return {
    databases: [rolesName, ...names].map((name) => databaseOf(server, name)), dataFolder,
    // Everybody sees all of them; those that let nobody in, and templates of the user's own, are not dumped.
    notDumped: async (asked) => (await postgresRows(server, maintenanceDatabase, "SELECT datname FROM pg_catalog.pg_database WHERE datname NOT IN ('template0', 'template1') ORDER BY datname", asked)).map(([name = '']) => name).filter((name) => !names.includes(name)),
  }
}

/** A database of that name, which need not be there yet. */
export async function postgresNamed(container: Container, login: LoginOptions, name: string, signal: AbortSignal): Promise<ContainerDatabase> {
  return databaseOf(await serverOf(container, login, signal), name)
}

async function serverOf(container: Container, login: LoginOptions, signal: AbortSignal): Promise<PostgresServer> {
  const user = login.user ?? await containerSecret(container, ['POSTGRES_USER', 'POSTGRESQL_USERNAME'], signal) ?? 'postgres'
  const password = login.password ?? await containerSecret(container, ['POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD'], signal)
  return { container, user, ...(password === undefined ? {} : { password }) }
}

function databaseOf(server: PostgresServer, name: string): ContainerDatabase {
  const { container } = server
  const qualified = qualifiedName(container, name)
  return {
    engine: 'postgresql', container, name: qualified, dumpEnding: '.sql',
    async dump(run, { path }) {
      const [[version = ''] = []] = await postgresRows(server, maintenanceDatabase, 'SHOW server_version', run.signal)
      let facts: DatabaseFacts | undefined
      return placedDump({
        entry: {
          path, kind: 'file', mode: 0o600, mtimeNs: BigInt(run.now().getTime()) * 1_000_000n, dump: true,
          open: (signal) => dumpStream(server, name, AbortSignal.any([signal, run.signal]), run, (summary) => {
            facts = { name, engine: 'postgresql', version, path, tables: [...summary.tables], sizeBytes: summary.sizeBytes }
          }),
        },
        facts: () => {
          if (facts === undefined) throw new AppError('internal', `The dump of ${qualified} has not been read to its end`)
          return facts
        },
        [Symbol.asyncDispose]: async () => undefined,
      }, container, qualified, name)
    },
    refuseUnsafe: async (content) => await refuseUnsafeDump(content, name === rolesName ? undefined : name),
    restore: async (content, run, facts) => await importDump(server, name, content, run, facts),
    async execute(sql, run) {
      await postgresRows(server, name, sql, run.signal)
    },
    describe: async (run) => await describe(server, name, run.signal),
    isEmpty: async (signal) => name !== rolesName && !await isThere(server, name, signal),
    async clear(signal) {
      if (name === rolesName) return
      await disconnect(server, name, signal)
      await postgresRows(server, maintenanceDatabase, `DROP DATABASE IF EXISTS ${sqlIdentifier(name)}`, signal)
    },
  }
}

async function* dumpStream(server: PostgresServer, name: string, signal: AbortSignal, run: Run, finished: (summary: ReturnType<PostgresDumpScanner['end']>) => void): AsyncGenerator<Uint8Array, void, undefined> {
  const scanner = new PostgresDumpScanner()
  const said: string[] = []
  const [program, args] = name === rolesName ? ['pg_dumpall', ['--globals-only', '--database', maintenanceDatabase]] : ['pg_dump', ['--create', '--clean', '--if-exists', '--dbname', connectionTo(name)]]
  try {
    for await (const bytes of postgresOutput(server, program, args, { signal, onStderrLine: (line) => { if (said.length < 20) said.push(line) } })) {
      scanner.write(bytes)
      yield bytes
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'database.client') throw new AppError('database.dump', `The dump of ${qualifiedName(server.container, name)} failed: ${serverWords(error.message)}`, { hint: 'Nothing of this dump is used. Look at the database server\'s log.', cause: error })
    throw error
  }
  const summary = scanner.end()
  if (!summary.completed) throw new AppError('database.dump', `The dump of ${qualifiedName(server.container, name)} failed: it ended without its closing line "dump complete"`)
  // It is kept all the same: another server, or a person, may take it.
  if (summary.refused !== undefined) run.emit({ type: 'run.warning', code: 'database.unsafe', message: `The dump of ${qualifiedName(server.container, name)} would be refused by a restore: ${summary.refused.message}` })
  for (const line of said) run.emit({ type: 'run.note', code: 'database.client', message: `${qualifiedName(server.container, name)}: ${line}` })
  finished(summary)
}

async function importDump(server: PostgresServer, name: string, content: AsyncIterable<Uint8Array>, run: Run, facts: DatabaseFacts | undefined): Promise<void> {
  const qualified = qualifiedName(server.container, name)
  if (name !== rolesName) await disconnect(server, name, run.signal)
  const present = name === rolesName ? await rolesThere(server, run.signal) : undefined
  try {
    const printed = postgresOutput(server, 'psql', [...quiet, '--dbname', maintenanceDatabase], { signal: run.signal, stdin: psqlScript(present === undefined ? content : missingRolesOnly(content, present), present === undefined ? name : undefined) })
    for await (const _ of printed) void _
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'database.client') throw error
    throw new AppError('database.import', `The import into ${qualified} stopped: ${serverWords(error.message)}`, { hint: 'Nothing is lost: the dump is still in the restore point.', cause: error })
  }
  if (name === rolesName || facts === undefined) return
  const now = new Map((await describe(server, name, run.signal)).map((table) => [table.name, table]))
  const faults = facts.tables.flatMap((table) => {
    const there = now.get(table.name)
    if (there === undefined) return [`${table.kind} ${table.name} is missing`]
    return table.rows !== undefined && there.rows !== undefined && table.rows !== there.rows ? [`${table.name} has ${there.rows} rows instead of ${table.rows}`] : []
  })
  if (faults.length > 0) throw new AppError('database.import', `After the import ${qualified} is not what the dump holds: ${faults.slice(0, 10).join('; ')}`, { hint: 'Stop what writes to the database, and restore again.' })
}

async function rolesThere(server: PostgresServer, signal: AbortSignal): Promise<Present> {
  const names = async (sql: string): Promise<Set<string>> => new Set((await postgresRows(server, maintenanceDatabase, sql, signal)).map(([name = '']) => name))
  return { roles: await names('SELECT rolname FROM pg_catalog.pg_roles'), tablespaces: await names('SELECT spcname FROM pg_catalog.pg_tablespace') }
}

async function isThere(server: PostgresServer, name: string, signal: AbortSignal): Promise<boolean> {
  return (await postgresRows(server, maintenanceDatabase, `SELECT 1 FROM pg_catalog.pg_database WHERE datname = ${sqlLiteral(name)}`, signal)).length > 0
}

/** A database that is in use cannot be dropped. */
async function disconnect(server: PostgresServer, name: string, signal: AbortSignal): Promise<void> {
  await postgresRows(server, maintenanceDatabase, `SELECT pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = ${sqlLiteral(name)} AND pid <> pg_backend_pid()`, signal)
}

/** What a dump would hold; tables of extensions come with these. */
async function describe(server: PostgresServer, name: string, signal: AbortSignal): Promise<TableFacts[]> {
  if (name === rolesName || !await isThere(server, name, signal)) return []
  const listed = await postgresRows(server, name, `SELECT n.nspname, c.relname, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%' AND n.nspname NOT LIKE 'pg\\_temp%'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')`, signal)
  const counted = listed.filter(([, , kind]) => kind === 'r').map(([schema = '', table = '']) => `SELECT ${sqlLiteral(tableName(schema, table))}, count(*) FROM ${sqlIdentifier(schema)}.${sqlIdentifier(table)}`)
  const rows = counted.length === 0 ? [] : await postgresRows(server, name, counted.join(';\n'), signal)
  const counts = new Map(rows.map(([table = '', count = '']) => [table, Number(count)]))
  return listed.map(([schema = '', table = '', kind = '']): TableFacts => {
    const full = tableName(schema, table)
    const count = counts.get(full)
    return { name: full, kind: kind === 'v' || kind === 'm' ? 'view' : 'table', ...(count === undefined ? {} : { rows: count }) }
  }).sort((a, b) => (a.name < b.name ? -1 : 1))
}

