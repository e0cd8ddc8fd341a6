import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { childOutput, childText } from '../../kit/child.ts'
import type { ChildOptions } from '../../kit/child.ts'
import { openOptionFile, optionFileText, usesOwnOptionFiles } from './mariadb-option-file.ts'
import type { OpenMariadbOptions } from './mariadb-options.ts'

const programs = { client: ['mariadb', 'mysql'], dump: ['mariadb-dump', 'mysqldump'] } as const
export type ClientProgram = keyof typeof programs

/** A vendor's program, and what of it differs between versions. */
export type FoundProgram = { readonly path: string; readonly mariadb: boolean; readonly sandbox: boolean }

/**
 * Finds the program on the PATH under its new or its old name, and asks it what it can.
 * @throws AppError `process.missing`.
 */
export async function findProgram(kind: ClientProgram, { runner }: Pick<OpenMariadbOptions, 'runner'>, signal: AbortSignal): Promise<FoundProgram> {
  const path = await findPath(kind, runner, signal)
  const help = runner === undefined ? await childText(path, ['--no-defaults', '--help'], { signal, timeoutMs: 30_000 }) : await runner.help(path, signal)
  return { path, mariadb: /mariadb/i.test(help), sandbox: /^\s*--sandbox\b/m.test(help) }
}

async function findPath(kind: ClientProgram, runner: OpenMariadbOptions['runner'], signal: AbortSignal): Promise<string> {
  if (runner !== undefined) {
    const found = await runner.find(programs[kind], signal)
    if (found === undefined) throw new AppError('process.missing', `Neither ${programs[kind].join(' nor ')} is in the container`, { hint: 'Dump the database from outside (databases: in holdfast.yaml), or let it be stopped and its files be saved (dump: false).' })
    return found
  }
  const folders = (process.env['PATH'] ?? '/usr/bin:/bin').split(delimiter).filter((folder) => folder !== '')
  for (const name of programs[kind]) {
    for (const folder of folders) {
      const path = join(folder, name)
      if (await access(path, constants.X_OK).then(() => true, () => false)) return path
    }
  }
  throw new AppError('process.missing', `Neither ${programs[kind].join(' nor ')} is installed here`, { hint: 'Install the Debian package mariadb-client.' })
}

/**
 * Runs a client program against the server and streams what it prints; it ends normally only after exit status 0.
 * The password goes through a nameless file, never through arguments or environment.
 * @throws AppError `database.unreachable` when the server cannot be reached or refuses us; otherwise as childOutput.
 */
export async function* clientOutput(program: string, options: OpenMariadbOptions, args: readonly string[], child: ChildOptions): AsyncGenerator<Uint8Array, void, undefined> {
  if (options.runner !== undefined) {
    try {
      yield* options.runner.output(program, ['--default-character-set=utf8mb4', ...args], optionFileText(options), child)
      return
    } catch (error) {
      throw unreachable(error, options) ?? error
    }
  }
  const file = usesOwnOptionFiles(options) ? undefined : await openOptionFile(options)
  try {
    const first = file === undefined ? [] : ['--defaults-file=/dev/fd/3']
    yield* childOutput(program, [...first, '--default-character-set=utf8mb4', ...args], { ...child, ...(file === undefined ? {} : { inherit: [file.fd] }) })
  } catch (error) {
    throw unreachable(error, options) ?? error
  } finally {
    await file?.close()
  }
}

/**
 * Runs statements and gives their rows as texts, in one session without sql_mode; NULL comes as `NULL`.
 * @throws AppError `database.unreachable`, `database.client` with the server's own words, `process.missing`.
 */
export async function queryRows(options: OpenMariadbOptions, sql: string, signal: AbortSignal, database?: string): Promise<string[][]> {
  const program = await findPath('client', options.runner, signal)
  const parts: Uint8Array[] = []
  try {
    const args = ['--batch', '--skip-column-names', '--binary-mode', '--skip-reconnect', '--no-auto-rehash', ...(database === undefined ? [] : ['--', database])]
    for await (const bytes of clientOutput(program, options, args, { signal, stdin: Buffer.from(`SET SESSION sql_mode='';\n${sql}\n`) })) parts.push(bytes)
  } catch (error) {
    if (error instanceof AppError && error.code === 'process.failed') throw new AppError('database.client', `The database server refused: ${serverWords(error)}`, { cause: error })
    throw error
  }
  return Buffer.concat(parts).toString('utf8').split('\n').filter((line) => line !== '').map((line) => line.split('\t').map(unescaped))
}

/** The server's or the client's own words in a failure of the child, without what surrounds them. */
export function serverWords(error: unknown): string {
  const text = messageOf(error)
  const found = /(?:ERROR \d+|(?:mariadb-dump|mysqldump|mariadb|mysql): ).*/s.exec(text)?.[0] ?? text
  return found.replace(/^(?:mariadb-dump|mysqldump|mariadb|mysql): /, '')
}

/** A text as an SQL literal, for sessions without sql_mode. */
export function sqlText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

export function sqlName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

function unreachable(error: unknown, options: OpenMariadbOptions): AppError | undefined {
  if (!(error instanceof AppError) || error.code !== 'process.failed') return undefined
  const words = serverWords(error)
  const number = /(?:ERROR |[Ee]rror:? )(1040|1044|1045|1049|1129|1130|1698|2002|2003|2005|2006|2013|2026)\b/.exec(words)?.[1]
  if (number === undefined) return undefined
  const where = options.socket ?? `${options.host ?? 'localhost'}${options.port === undefined ? '' : `:${options.port}`}`
  if (number === '1045' || number === '1698' || number === '1130') {
    return new AppError('database.unreachable', `The database server at ${where} refuses ${options.user ?? 'this user'}: ${words}`, { hint: 'Correct user and password, or what the application\'s own configuration says of them.', cause: error })
  }
  if (number === '1049' || number === '1044') {
    return new AppError('database.unreachable', `The database ${options.name ?? ''} cannot be used: ${words}`, { hint: 'Correct its name, or grant the user access to it.', cause: error })
  }
  return new AppError('database.unreachable', `The database server at ${where} cannot be reached, or the connection was lost: ${words}`, { hint: 'Start the server, or correct host, port and socket.', retry: true, cause: error })
}

function unescaped(field: string): string {
  return field.replaceAll(/\\([ntr0\\])/g, (_all, character: string) => ({ n: '\n', t: '\t', r: '\r', 0: '\0', '\\': '\\' })[character] ?? character)
}
