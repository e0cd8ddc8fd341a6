import { AppError } from '../../kit/app-error.ts'
import { Secret } from '../../kit/secret.ts'
import { queryRows } from '../databases/mariadb-client.ts'
import { dropAll, isEmpty } from '../databases/mariadb-content.ts'
import { openMariadb } from '../databases/mariadb-database.ts'
import type { OpenMariadbOptions, ProgramRunner } from '../databases/mariadb-options.ts'
import type { ContainerDatabase, ContainerServer, LoginOptions } from './container-database.ts'
import { placedDump, qualifiedName } from './container-database.ts'
import type { Container } from './container.ts'
import { containerSecret } from './container-secret.ts'
import { execOutput, execText } from './exec.ts'

const ownDatabases = new Set(['information_schema', 'performance_schema', 'sys', 'mysql'])

/** The databases of a MariaDB or MySQL server that runs in a container. @throws AppError `database.unreachable`, `containers.*`. */
export async function mariadbInContainer(container: Container, login: LoginOptions, signal: AbortSignal): Promise<ContainerServer> {
  const server: OpenMariadbOptions = { type: 'mariadb', host: 'localhost', runner: runnerIn(container), ...await credentials(container, login, signal) }
  const rows = await queryRows(server, "SELECT @@datadir; SHOW DATABASES;", signal)
  const dataFolder = rows[0]?.[0]
  const seen = rows.slice(1).map(([name = '']) => name).filter((name) => !ownDatabases.has(name.toLowerCase()))
  const names = seen.filter((name) => login.databases === undefined || login.databases.includes(name))
  requireAll(container, login, names)
  return {
    databases: names.map((name) => databaseOf(container, { ...server, name }, name)), dataFolder,
    async notDumped(asked) {
      const all = await seesAll(server, asked) ? seen : dataFolder === undefined ? undefined : await foldersOf(container, server, dataFolder, asked)
      return all?.filter((name) => !names.some((one) => one.toLowerCase() === name.toLowerCase()))
    },
  }
}

/** Others do not see databases on which they have no rights. */
async function seesAll(server: OpenMariadbOptions, signal: AbortSignal): Promise<boolean> {
  const grants = (await queryRows(server, 'SHOW GRANTS', signal)).map(([line = '']) => line)
  return grants.some((line) => /^GRANT (?:[A-Z_ ]+, ?)*(?:ALL PRIVILEGES|SHOW DATABASES)(?:, ?[A-Z_ ]+)* ON \*\.\* TO /.test(line)) && !grants.some((line) => line.startsWith('REVOKE '))
}

/** Each database is a folder, whose name the server writes in a charset of its own; undefined where they cannot be listed. */
async function foldersOf(container: Container, server: OpenMariadbOptions, dataFolder: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
  try {
    const listed = await execText(container, 'cd "$1" || exit 1; for each in */; do echo "${each%/}"; done', [dataFolder], { signal, timeoutMs: 30_000 })
    const folders = listed.split('\n').filter((name) => /^[\w$@]+$/.test(name) && !ownDatabases.has(name.toLowerCase()))
    if (folders.length === 0) return []
    return (await queryRows(server, folders.map((name) => `SELECT CONVERT(_filename'${name}' USING utf8mb4);`).join('\n'), signal)).map(([name = '']) => name)
  } catch (error) {
    if (signal.aborted || !(error instanceof AppError)) throw error
    return undefined
  }
}

/** One that a configuration or a restore point names must be there. @throws AppError `database.unreachable`. */
export function requireAll(container: Container, { databases }: LoginOptions, found: readonly string[]): void {
  for (const name of databases ?? []) {
    if (!found.includes(name)) throw new AppError('database.unreachable', `The server in ${container.name} has no database "${name}", or hides it`, { hint: 'Correct the name, or give a user who may see it.' })
  }
}

/** A database of that name, which need not be there yet. */
export async function mariadbNamed(container: Container, login: LoginOptions, name: string, signal: AbortSignal): Promise<ContainerDatabase> {
  return databaseOf(container, { type: 'mariadb', host: 'localhost', runner: runnerIn(container), ...await credentials(container, login, signal), name }, name)
}

function databaseOf(container: Container, options: OpenMariadbOptions, name: string): ContainerDatabase {
  const inner = openMariadb(options)
  const qualified = qualifiedName(container, name)
  return {
    ...inner, container, name: qualified, dumpEnding: '.sql',
    dump: async (run, place) => placedDump(await inner.dump(run, place), container, qualified, name),
    isEmpty: async (signal) => await isEmpty(options, signal),
    clear: async (signal) => await dropAll(options, signal),
  }
}

async function credentials(container: Container, { user, password }: LoginOptions, signal: AbortSignal): Promise<Pick<OpenMariadbOptions, 'user' | 'password'>> {
  if (user !== undefined) return { user, ...(password === undefined ? {} : { password: new Secret(password) }) }
  const root = password ?? await containerSecret(container, ['MARIADB_ROOT_PASSWORD', 'MYSQL_ROOT_PASSWORD'], signal)
  if (root !== undefined) return { user: 'root', password: new Secret(root) }
  const name = await containerSecret(container, ['MARIADB_USER', 'MYSQL_USER'], signal)
  const word = await containerSecret(container, ['MARIADB_PASSWORD', 'MYSQL_PASSWORD'], signal)
  const isOpen = ['MARIADB_ALLOW_EMPTY_ROOT_PASSWORD', 'MYSQL_ALLOW_EMPTY_PASSWORD', 'ALLOW_EMPTY_PASSWORD'].some((variable) => (container.environment.get(variable) ?? '') !== '')
  if (name === undefined || isOpen) return { user: 'root' }
  return { user: name, ...(word === undefined ? {} : { password: new Secret(word) }) }
}

/** Runs the vendor's programs in the container; the option file goes through their input and a here-document. */
function runnerIn(container: Container): ProgramRunner {
  const known = new Map<string, string>()
  return {
    async find(names, signal) {
      const earlier = known.get(names.join(' '))
      if (earlier !== undefined) return earlier
      const found = await execText(container, 'for name; do command -v "$name" && exit 0; done; exit 0', names, { signal, timeoutMs: 30_000 })
      if (found.trim() === '') return undefined
      known.set(names.join(' '), found.trim())
      return found.trim()
    },
    async help(program, signal) {
      return await execText(container, 'exec "$1" --no-defaults --help', [program], { signal, timeoutMs: 30_000 })
    },
    async* output(program, args, optionFile, { signal, stdin, onStderrLine }) {
      try {
        yield* execOutput(container, script, [program, ...args], {
          signal, head: `${optionFile.trimEnd()}\n\n`,
          ...(stdin === undefined ? {} : { stdin }), ...(onStderrLine === undefined ? {} : { onStderrLine }),
        })
      } catch (error) {
        if (error instanceof AppError && error.code === 'containers.exec') throw new AppError('process.failed', error.message, { cause: error.cause ?? error })
        throw error
      }
    },
  }
}

// The descriptor of a here-document is a pipe or a nameless file. Its content is a variable of the shell's own, which no environment shows.
const script = `options=
while IFS= read -r line && [ -n "$line" ]; do
  options="$options$line
"
done
program=$1
shift
exec 3<<END
$options
END
unset options line
exec "$program" --defaults-extra-file=/dev/fd/3 "$@"`
