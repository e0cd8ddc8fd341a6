import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { chmod, mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { startWorker } from '../../kit/start-worker.ts'
import type { Entry } from '../../model/entry.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Dump, TableFacts } from './database.ts'
import type { SqliteAnswer, SqliteTask } from './sqlite-copy-worker.ts'

/** How long a database may stay locked by others before the copy is given up. */
const defaultBusyMs = 30_000

type Examined = Extract<SqliteAnswer, { ok: true }>

/**
 * An online copy of a live SQLite database, in a private folder below `scratch` that dispose removes. The entry stands
 * for the live file (path, owner, mode, times) with the copy's content, which is whole without -wal, -shm and -journal.
 * A copy that fails SQLite's quick_check is given all the same, with a `run.warning`.
 *
 * @throws AppError `database.dump` where it is locked for too long or so damaged that it cannot be copied,
 *   `storage.full`, `interrupted`.
 */
export async function sqliteDump(live: Entry, run: Run, scratch: string, busyMs = defaultBusyMs): Promise<Dump> {
  if (live.onDisk === undefined) throw new AppError('internal', `${live.path} is no local file`)
  const folder = await mkdtemp(join(scratch, 'sqlite-'))
  const remove = async (): Promise<void> => await rm(folder, { recursive: true, force: true })
  try {
    await chmod(folder, 0o700)
    const copy = join(folder, 'copy.db')
    const examined = await examine({ path: live.onDisk, folder, copy, busyMs }, live.path, run.signal)
    tellFaults(live.path, examined, run)
    const { size } = await stat(copy)
    const facts: DatabaseFacts = { name: live.path, engine: 'sqlite', version: examined.version, path: live.path, tables: [...examined.tables], sizeBytes: size }
    return { entry: entryOf(live, copy, size), facts: () => facts, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * Tables and views of an SQLite file with their rows, sorted by name.
 * @throws AppError `database.client` where it cannot be read as one, or fails SQLite's quick_check.
 */
export async function describeSqlite(path: string, signal: AbortSignal): Promise<readonly TableFacts[]> {
  const examined = await examine({ path, folder: '', busyMs: defaultBusyMs }, path, signal)
  if (examined.faults.length > 0) throw new AppError('database.client', `The SQLite database ${path} is damaged: ${examined.faults.join('; ')}`)
  return examined.tables
}

function entryOf(live: Entry, copy: string, size: number): Entry {
  // Neither the live file itself nor its holes: the content is the copy's.
  const { onDisk: _onDisk, data: _data, ...rest } = live
  return {
    ...rest,
    size,
    async* open(signal) {
      for await (const bytes of createReadStream(copy, { signal, highWaterMark: 256 * 1024 })) yield bytes as Buffer
    },
  }
}

function tellFaults(path: string, { faults, unchecked, openElsewhere }: Examined, run: Run): void {
  if (faults.length > 0) {
    run.emit({ type: 'run.warning', path, code: 'database.damaged', message: `This SQLite database is damaged; its copy is saved as it is: ${faults.slice(0, 5).join('; ')}` })
  }
  if (openElsewhere !== undefined) {
    run.emit({ type: 'run.warning', path, code: 'database.elsewhere', message: `Process ${openElsewhere} has this SQLite database open under another name (a hard link, or a file that is mounted by itself into a container), where its write-ahead log lies: what it wrote last is not in the copy. Back up or mount the folder that holds both, or stop the program meanwhile` })
  }
  for (const what of unchecked) run.emit({ type: 'run.note', path, code: 'database.unchecked', message: `Its rows could not be counted: ${what}` })
}

async function examine(task: SqliteTask, shown: string, signal: AbortSignal): Promise<Examined> {
  if (signal.aborted) throw new AppError('interrupted', `The copy of ${shown} was interrupted`, { cause: signal.reason })
  const worker = startWorker('sqlite-copy-worker', import.meta.url, { workerData: task })
  try {
    const answered = once(worker, 'message', { signal })
    const ended = once(worker, 'exit', { signal }).then(() => undefined)
    const [answer] = (await Promise.race([answered, ended]) ?? []) as [SqliteAnswer?]
    if (answer?.ok === true) return answer
    throw failureOf(shown, answer, task.copy === undefined ? 'database.client' : 'database.dump')
  } catch (error) {
    if (error instanceof AppError) throw error
    if (signal.aborted) throw new AppError('interrupted', `The copy of ${shown} was interrupted`, { cause: error })
    throw new AppError('database.dump', `The copy of ${shown} failed: ${messageOf(error)}`, { cause: error })
  } finally {
    await worker.terminate()
  }
}

function failureOf(shown: string, answer: Extract<SqliteAnswer, { ok: false }> | undefined, code: 'database.client' | 'database.dump'): AppError {
  const message = answer?.message ?? 'the worker ended'
  const primary = (answer?.code ?? -1) % 256
  if (primary === 5 || primary === 6) return new AppError(code, `The SQLite database ${shown} stayed locked by another program: ${message}`, { hint: 'Try again when the application is idle, or stop it with a hook.', retry: true })
  if (primary === 11 || primary === 26) return new AppError(code, `The SQLite database ${shown} is damaged: ${message}`, { hint: 'Repair it with `sqlite3 FILE .recover`, or restore it from an older restore point.' })
  if (primary === 13) return new AppError('storage.full', `There is no room for a copy of ${shown}`, { hint: 'Free space in the temporary folder, or choose another.' })
  return new AppError(code, `The SQLite database ${shown} could not be read: ${message}`)
}
