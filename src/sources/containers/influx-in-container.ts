import { AppError, messageOf } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { TableFacts } from '../databases/database.ts'
import type { ContainerDatabase, ContainerServer, LoginOptions } from './container-database.ts'
import { placedDump } from './container-database.ts'
import type { Container } from './container.ts'
import { containerSecret } from './container-secret.ts'
import { containerTemporary, removeStaleTemporaries } from './container-temporary.ts'
import { execText } from './exec.ts'
import { callName } from './find-containers.ts'

const questionLimitMs = 60_000
const block = 512

type Server = { readonly container: Container; readonly isTwo: boolean; readonly head: string; readonly version: string }

/**
 * An InfluxDB server (1 or 2) that runs in a container, as one database: the vendor's own backup, fetched as a tar
 * archive whose one folder is `influxdb`. @throws AppError `database.unreachable`, `containers.*`.
 */
export async function influxInContainer(container: Container, login: LoginOptions, signal: AbortSignal): Promise<ContainerServer> {
  const version = /v?(\d+\.\d+\S*)/.exec(await execText(container, 'exec influxd version', [], { signal, timeoutMs: questionLimitMs }))?.[1] ?? ''
  const isTwo = version.startsWith('2')
  const name = callName(container)
  const server: Server = { container, isTwo, version, head: isTwo ? await headOfTwo(container, login, signal) : await headOfOne(container, login, signal) }
  // Whether it answers, and lets us in, is to be known before anything stops.
  await databases(server, signal)
  const database: ContainerDatabase = {
    engine: isTwo ? 'influxdb2' : 'influxdb', container, name, dumpEnding: '.tar',
    async dump(run, { path }) {
      let facts: DatabaseFacts | undefined
      return placedDump({
        entry: {
          path, kind: 'file', mode: 0o600, mtimeNs: BigInt(run.now().getTime()) * 1_000_000n, dump: true,
          open: (opened) => dumpStream(server, run, AbortSignal.any([opened, run.signal]), (sizeBytes, tables) => {
            facts = { name, engine: isTwo ? 'influxdb2' : 'influxdb', version, path, tables: [...tables], sizeBytes }
          }),
        },
        facts: () => {
          if (facts === undefined) throw new AppError('internal', `The dump of ${name} has not been read to its end`)
          return facts
        },
        [Symbol.asyncDispose]: async () => undefined,
      }, container, name, undefined)
    },
    restore: async (content, run, facts) => await importDump(server, content, run, facts),
    async execute() {
      throw new AppError('internal', 'InfluxDB has no SQL')
    },
    describe: async (run) => await databases(server, run.signal),
    isEmpty: async (asked) => (await databases(server, asked)).length === 0,
    async clear(asked) {
      await ask(server, isTwo ? dropAllOfTwo : dropAll, asked)
    },
  }
  // Its backup is of the whole server: in version 2 nobody but its operator may make one.
  return { databases: [database], dataFolder: isTwo ? '/var/lib/influxdb2' : '/var/lib/influxdb', notDumped: async () => [] }
}

async function headOfOne(container: Container, login: LoginOptions, signal: AbortSignal): Promise<string> {
  const user = login.user ?? await containerSecret(container, ['INFLUXDB_ADMIN_USER'], signal)
  const password = login.password ?? await containerSecret(container, ['INFLUXDB_ADMIN_PASSWORD'], signal)
  return `${user ?? ''}\n${password ?? ''}\n`
}

async function headOfTwo(container: Container, login: LoginOptions, signal: AbortSignal): Promise<string> {
  return `${login.token ?? await containerSecret(container, ['DOCKER_INFLUXDB_INIT_ADMIN_TOKEN', 'INFLUX_TOKEN'], signal) ?? ''}\n`
}

// The clients take user, password and token from their environment, which only this process has.
function prelude({ isTwo }: Server): string {
  return isTwo
    ? 'IFS= read -r INFLUX_TOKEN\nif [ -n "$INFLUX_TOKEN" ]; then export INFLUX_TOKEN; else unset INFLUX_TOKEN; fi\n'
    : 'IFS= read -r INFLUX_USERNAME\nIFS= read -r INFLUX_PASSWORD\nif [ -n "$INFLUX_USERNAME" ]; then export INFLUX_USERNAME INFLUX_PASSWORD; else unset INFLUX_USERNAME INFLUX_PASSWORD; fi\nport=${INFLUXDB_HTTP_BIND_ADDRESS##*:}\nbackup_host=${INFLUXDB_BIND_ADDRESS:-127.0.0.1:8088}\nclient() { influx -port "${port:-8086}" "$@"; }\n'
}

async function ask(server: Server, script: string, signal: AbortSignal, args: readonly string[] = [], limitMs?: number): Promise<string> {
  try {
    return await execText(server.container, `${prelude(server)}${script}`, args, { signal, head: server.head, ...(limitMs === undefined ? {} : { timeoutMs: limitMs }) })
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'containers.exec') throw error
    throw new AppError('database.unreachable', `InfluxDB in ${server.container.name} cannot be used: ${error.message}`, { hint: `Start it, or give ${server.isTwo ? 'its token' : 'user and password'}: containers: {services: {NAME: {dump: …}}}.`, retry: true, cause: error })
  }
}

/** Its databases, in version 2 its buckets. */
async function databases(server: Server, signal: AbortSignal): Promise<TableFacts[]> {
  const names = server.isTwo
    ? (await ask(server, 'exec influx bucket list --hide-headers', signal, [], questionLimitMs)).split('\n').map((line) => line.split('\t')[1]?.trim() ?? '')
    : (await ask(server, 'client -format csv -execute "SHOW DATABASES"', signal, [], questionLimitMs)).split('\n').slice(1).map((line) => line.replace(/^databases,/, '').trim())
  return names.filter((name) => name !== '' && !name.startsWith('_')).sort().map((name) => ({ name, kind: 'table' }))
}

async function* dumpStream(server: Server, run: Run, signal: AbortSignal, finished: (sizeBytes: number, tables: readonly TableFacts[]) => void): AsyncGenerator<Uint8Array, void, undefined> {
  const { container, isTwo } = server
  const tables = await databases(server, signal)
  await using folder = await makeFolder(server, run, signal)
  try {
    await ask(server, isTwo ? 'exec influx backup "$1" >&2' : 'exec influxd backup -portable -host "$backup_host" "$1" >&2', signal, [`${folder.path}/influxdb`])
  } catch (error) {
    if (error instanceof AppError && error.code === 'database.unreachable') throw new AppError('database.dump', `The dump of ${callName(container)} failed: ${error.message}`, { cause: error })
    throw error
  }
  let sizeBytes = 0
  let zeros = 0
  for await (const bytes of container.engine.download(`/containers/${encodeURIComponent(container.id)}/archive?path=${encodeURIComponent(`${folder.path}/influxdb`)}`, { signal })) {
    sizeBytes += bytes.length
    const trailing = bytes.length - 1 - bytes.findLastIndex((byte) => byte !== 0)
    zeros = trailing === bytes.length ? zeros + trailing : trailing
    yield bytes
  }
  // Two empty blocks end a tar archive that is whole.
  if (sizeBytes === 0 || sizeBytes % block !== 0 || zeros < 2 * block) throw new AppError('database.dump', `The dump of ${callName(container)} failed: the container engine gave no whole archive of it`)
  finished(sizeBytes, tables)
}

/** A folder in the container for a dump, removed when it is disposed of, also after a cancel; what cannot be removed is told. */
async function makeFolder(server: Server, run: Run, signal: AbortSignal): Promise<AsyncDisposable & { readonly path: string }> {
  const { container } = server
  await removeStaleTemporaries(container, run)
  const path = containerTemporary()
  await ask(server, 'exec mkdir -m 700 "$1"', signal, [path])
  return {
    path,
    async [Symbol.asyncDispose]() {
      await execText(container, 'exec rm -rf "$1"', [path], { signal: new AbortController().signal, timeoutMs: questionLimitMs }).catch((error: unknown) => {
        run.emit({ type: 'run.note', code: 'containers.left-over', message: `${path} in ${callName(container)} holds a dump that could not be removed: ${messageOf(error)}` })
      })
    },
  }
}

async function importDump(server: Server, content: AsyncIterable<Uint8Array>, run: Run, facts: DatabaseFacts | undefined): Promise<void> {
  const { container, isTwo } = server
  try {
    await using folder = await makeFolder(server, run, run.signal)
    await container.engine.upload(`/containers/${encodeURIComponent(container.id)}/archive?path=${encodeURIComponent(folder.path)}`, content, { signal: run.signal, limitMs: 24 * 3600_000 })
    await ask(server, isTwo ? 'exec influx restore "$1" --full >&2' : `${dropAll}\nexec influxd restore -portable -host "$backup_host" "$1" >&2`, run.signal, [`${folder.path}/influxdb`])
  } catch (error) {
    if (error instanceof AppError && error.code === 'database.unreachable') throw new AppError('database.import', `The import into ${callName(container)} stopped: ${error.message}`, { hint: isTwo ? 'Nothing is lost: the dump is still there. InfluxDB 2 takes the tokens of what was restored into it last: if it refuses the token, give that one (dump: {token: …}), and repeat.' : 'Nothing is lost: the dump is still in the restore point.', cause: error })
    throw error
  }
  if (facts === undefined) return
  const found = await databases(server, run.signal).catch((error: unknown) => {
    if (!isTwo || !(error instanceof AppError) || error.code !== 'database.unreachable') throw error
    run.emit({ type: 'run.warning', code: 'database.import', message: `InfluxDB in ${container.name} was restored, and takes the token no more that it took before: its tokens are those of the restore point now. Give that token to what uses it, and to Holdfast: containers: {services: {${callName(container)}: {dump: {token: …}}}}. What it holds could not be compared with the restore point` })
  })
  if (found === undefined) return
  const now = new Set(found.map(({ name }) => name))
  const missing = facts.tables.filter(({ name }) => !now.has(name))
  if (missing.length > 0) throw new AppError('database.import', `After the import ${callName(container)} lacks ${missing.map(({ name }) => name).join(', ')}`)
}

const dropAllOfTwo = `influx bucket list --hide-headers | while IFS="$(printf '\\t')" read -r id name _; do
  case $name in ""|_*) continue ;; esac
  influx bucket delete --id "$id" >&2 </dev/null || exit 1
done || exit 1`

// Databases that are there are not restored over.
const dropAll = `names=$(client -format csv -execute "SHOW DATABASES" | sed -n 's/^databases,//p') || exit 1
echo "$names" | while IFS= read -r name; do
  case $name in ""|_internal) continue ;; esac
  client -execute "DROP DATABASE \\"$(echo "$name" | sed 's/["\\\\]/\\\\&/g')\\"" >&2 </dev/null || exit 1
done || exit 1`
