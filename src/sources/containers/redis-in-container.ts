import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { TableFacts } from '../databases/database.ts'
import type { ContainerDatabase, ContainerServer, LoginOptions } from './container-database.ts'
import { placedDump } from './container-database.ts'
import type { Container } from './container.ts'
import { containerSecret } from './container-secret.ts'
import { containerTemporary, removeStaleTemporaries } from './container-temporary.ts'
import { execOutput, execText } from './exec.ts'
import { callName } from './find-containers.ts'
import { redisRestore } from './redis-restore-script.ts'

const questionLimitMs = 60_000
// After the last key: the opcode 255 and a checksum of 8 bytes.
const tailBytes = 9

/** A Redis or Valkey server that runs in a container, as one database. @throws AppError `database.unreachable`, `containers.*`. */
export async function redisInContainer(container: Container, login: LoginOptions, signal: AbortSignal): Promise<ContainerServer> {
  const password = login.password ?? await passwordOf(container, signal)
  const server: Server = { container, head: `${login.user ?? ''}\n${password ?? ''}\n${portOf(container)}\n` }
  const folder = (await ask(server, 'call CONFIG GET dir', signal)).split('\n')[1]?.trim()
  const name = callName(container)
  const database: ContainerDatabase = {
    engine: 'redis', container, name, dumpEnding: '.rdb',
    async dump(run, { path }) {
      await removeStaleTemporaries(container, run)
      const version = /^redis_version:(.*)$/m.exec(await ask(server, 'call INFO server', run.signal))?.[1]?.trim() ?? ''
      const tables = await databases(server, run.signal)
      let facts: DatabaseFacts | undefined
      return placedDump({
        entry: {
          path, kind: 'file', mode: 0o600, mtimeNs: BigInt(run.now().getTime()) * 1_000_000n, dump: true,
          open: (opened) => dumpStream(server, AbortSignal.any([opened, run.signal]), (sizeBytes) => {
            facts = { name, engine: 'redis', version, path, tables, sizeBytes }
          }),
        },
        facts: () => {
          if (facts === undefined) throw new AppError('internal', `The dump of ${name} has not been read to its end`)
          return facts
        },
        [Symbol.asyncDispose]: async () => undefined,
      }, container, name, undefined)
    },
    async restore(content, run, facts) {
      await importDump(server, content, run)
      if (facts === undefined) return
      const now = new Set((await databases(server, run.signal)).map((table) => table.name))
      const missing = facts.tables.filter((table) => !now.has(table.name))
      // Keys with an end to their life may all have come to it.
      if (missing.length > 0) run.emit({ type: 'run.note', code: 'database.import', message: `${name} has no keys in ${missing.map((table) => table.name).join(', ')} after the import: those of the restore point have expired` })
    },
    async execute() {
      throw new AppError('internal', 'Redis has no SQL')
    },
    describe: async (run) => await databases(server, run.signal),
    isEmpty: async (asked) => (await databases(server, asked)).length === 0,
    async clear(asked) {
      await ask(server, 'call FLUSHALL', asked)
    },
  }
  return { databases: [database], dataFolder: folder, notDumped: async () => [] }
}

type Server = { readonly container: Container; readonly head: string }

/** `call` runs the client: with its answer alone, and failing where that is an error. */
const prelude = `IFS= read -r holdfast_user
IFS= read -r REDISCLI_AUTH
IFS= read -r holdfast_port
if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH; else unset REDISCLI_AUTH; fi
client=$(command -v redis-cli || command -v valkey-cli) || { echo "there is no redis-cli in this container" >&2; exit 1; }
call() {
  answer=$("$client" -p "$holdfast_port" --no-auth-warning \${holdfast_user:+--user "$holdfast_user"} --raw "$@") || return 1
  case $answer in
    ERR*|NOAUTH*|WRONGPASS*|NOPERM*|READONLY*|LOADING*|MASTERDOWN*|"Could not connect"*) echo "$answer" >&2; return 1 ;;
  esac
  [ -z "$answer" ] || echo "$answer"
}
`

async function ask({ container, head }: Server, script: string, signal: AbortSignal): Promise<string> {
  try {
    return await execText(container, `${prelude}${script}`, [], { signal, head, timeoutMs: questionLimitMs })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'containers.exec') throw error
    throw new AppError('database.unreachable', `The Redis server in ${container.name} cannot be used: ${error.message}`, { hint: 'Start it, or give its password: containers: {services: {NAME: {dump: {password: …}}}}.', retry: true, cause: error })
  }
}

/** Keyspaces that hold keys; how many changes by itself. */
async function databases(server: Server, signal: AbortSignal): Promise<TableFacts[]> {
  return [...(await ask(server, 'call INFO keyspace', signal)).matchAll(/^(db\d+):keys=\d+/gm)].map(([, name = '']) => ({ name, kind: 'table' }))
}

/** As a replica would get it, in a file of the container's first: clients of all versions can do that. */
async function* dumpStream({ container, head }: Server, signal: AbortSignal, finished: (sizeBytes: number) => void): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0
  let tail: Uint8Array = new Uint8Array(0)
  let first: Uint8Array = new Uint8Array(0)
  try {
    for await (const bytes of execOutput(container, `${prelude}${dumpScript}`, [containerTemporary()], { signal, head })) {
      sizeBytes += bytes.length
      if (first.length < 5) first = Buffer.concat([first, bytes]).subarray(0, 5)
      tail = bytes.length >= tailBytes ? bytes.slice(-tailBytes) : Buffer.concat([tail, bytes]).subarray(-tailBytes)
      yield bytes
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'containers.exec') throw new AppError('database.dump', `The dump of Redis in ${container.name} failed: ${error.message}`, { cause: error })
    throw error
  }
  if (Buffer.from(first).toString('latin1') !== 'REDIS' || tail.length < tailBytes || tail[0] !== 0xff) throw new AppError('database.dump', `The dump of Redis in ${container.name} failed: it is no whole RDB file`)
  finished(sizeBytes)
}

const dumpScript = `file=$1
( umask 077; set -C; : > "$file" ) || exit 1
trap 'rm -f "$file"' EXIT
trap 'exit 1' TERM INT
"$client" -p "$holdfast_port" --no-auth-warning \${holdfast_user:+--user "$holdfast_user"} --rdb "$file" >&2 || exit 1
cat "$file"`

async function importDump({ container, head }: Server, content: AsyncIterable<Uint8Array>, run: Run): Promise<void> {
  await removeStaleTemporaries(container, run)
  try {
    for await (const _ of execOutput(container, `${prelude}${redisRestore}`, [containerTemporary()], { signal: run.signal, head, stdin: content })) void _
  } catch (error) {
    if (error instanceof AppError && error.code === 'containers.exec') throw new AppError('database.import', `The import into Redis in ${container.name} stopped: ${error.message}`, { hint: 'Nothing is lost: the dump is still in the restore point.', cause: error })
    throw error
  }
}

async function passwordOf(container: Container, signal: AbortSignal): Promise<string | undefined> {
  const at = container.command.indexOf('--requirepass')
  return (at < 0 ? undefined : container.command[at + 1]) ?? await containerSecret(container, ['REDIS_PASSWORD', 'VALKEY_PASSWORD'], signal)
}

function portOf({ command, environment }: Container): string {
  const at = command.indexOf('--port')
  const named = at < 0 ? environment.get('REDIS_PORT_NUMBER') ?? environment.get('VALKEY_PORT_NUMBER') : command[at + 1]
  return named !== undefined && /^\d+$/.test(named) ? named : '6379'
}
