import { AppError } from '../../kit/app-error.ts'
import type { Container } from './container.ts'
import { execOutput } from './exec.ts'

export type PostgresServer = { readonly container: Container; readonly user: string; readonly password?: string }

/** Free of whatever is in the database that is restored: a server always has it. */
export const maintenanceDatabase = 'template1'

const queryLimitMs = 10 * 60_000

/** Runs one of PostgreSQL's programs in the container; the password is in the environment of that process alone. */
export async function* postgresOutput({ container, user, password }: PostgresServer, program: string, args: readonly string[], options: { readonly signal: AbortSignal; readonly stdin?: AsyncIterable<Uint8Array> | Uint8Array; readonly onStderrLine?: (line: string) => void; readonly timeoutMs?: number }): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* execOutput(container, script, [program, '--no-password', '--username', user, ...args], { ...options, head: `${password ?? ''}\n` })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'containers.exec') throw error
    const words = serverWords(error.message)
    if (/could not connect|connection to server|no password supplied|authentication failed|role ".*" does not exist|starting up|not found/i.test(words)) {
      throw new AppError('database.unreachable', `The PostgreSQL server in ${container.name} cannot be used: ${words}`, { hint: 'Start it, or give user and password: containers: {services: {NAME: {dump: {user: …, password: …}}}}.', retry: true, cause: error })
    }
    throw new AppError('database.client', `PostgreSQL in ${container.name} refused: ${words}`, { cause: error })
  }
}

/** Rows of one statement, as texts; no null. @throws AppError `database.unreachable`, `database.client`. */
export async function postgresRows(server: PostgresServer, database: string, sql: string, signal: AbortSignal): Promise<string[][]> {
  const parts: Uint8Array[] = []
  for await (const bytes of postgresOutput(server, 'psql', [...quiet, '--tuples-only', '--no-align', '--field-separator=\x1f', '--record-separator-zero', '--dbname', connectionTo(database)], { signal, stdin: Buffer.from(sql), timeoutMs: queryLimitMs })) parts.push(bytes)
  const text = Buffer.concat(parts).toString('utf8')
  return text.split('\0').slice(0, -1).map((row) => row.split('\x1f'))
}

/** A bare name with `=` would be read as a connection string. */
export function connectionTo(database: string): string {
  return `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

/** The first error ends it, and no file of the user's changes what it does. */
export const quiet: readonly string[] = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1']

export function sqlLiteral(text: string): string {
  return text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`
}

export function sqlIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function serverWords(message: string): string {
  return /(?:psql|pg_dump|pg_dumpall): (?:.*)$/s.exec(message)?.[0].replace(/^(?:psql|pg_dump|pg_dumpall): (?:error: )?/, '') ?? message
}

const script = `IFS= read -r PGPASSWORD
if [ -n "$PGPASSWORD" ]; then export PGPASSWORD; else unset PGPASSWORD; fi
exec "$@"`
