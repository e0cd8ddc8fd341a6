import { closeSync, existsSync, fchmodSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { AppError, systemCode } from '../kit/app-error.ts'
import type { AppState } from './app-state.ts'
import { stateFailure } from './state-failure.ts'

/** For so long a lock is waited for: whoever only looks at it holds it for a moment too. */
const lookedAtMs = 500

const holderSchema = z.object({ pid: z.int(), user: z.string(), kind: z.string(), since: z.string() })
export type LockHolder = z.infer<typeof holderSchema>

/**
 * Takes an application's lock. It is a lock of the kernel's, held through SQLite, so that it ends with the process
 * however that ends, and no stale one is ever left to be judged.
 *
 * @throws AppError `lock.held` (another run is at work, and which), `state.denied`, `storage.full`.
 */
export function takeAppLock(state: AppState, holder: LockHolder): Disposable {
  const database = openLocked(state, 'BEGIN EXCLUSIVE', lookedAtMs)
  if (database === undefined) {
    const other = readHolder(state)
    throw new AppError('lock.held', other === undefined ? `Another run of ${state.app} is at work` : `A ${other.kind} of ${state.app} is at work (process ${other.pid}, user ${other.user}, since ${other.since})`, {
      hint: 'Wait until it has finished, or end that process.',
      retry: true,
    })
  }
  try {
    const path = join(state.folder, 'holder.json')
    // Another user may own the last one: the folder's right to remove it is enough.
    rmSync(path, { force: true })
    createForGroup(path, JSON.stringify(holder))
  } catch (cause) {
    database.close()
    throw stateFailure(state.folder, cause)
  }
  return {
    [Symbol.dispose]() {
      database.close()
    },
  }
}

/** Whether a run holds the lock at this moment. @throws AppError `state.denied`. */
export function isLocked(state: AppState): boolean {
  // A shared lock: lookers do not see each other.
  const database = openLocked(state, 'SELECT count(*) FROM sqlite_schema', 0)
  database?.close()
  return database === undefined
}

/** Who took the lock last, if that is known; whether it still holds it is for the lock to say. */
function readHolder(state: AppState): LockHolder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(join(state.folder, 'holder.json'), 'utf8')))
  } catch {
    return undefined
  }
}

function openLocked(state: AppState, statement: string, timeoutMs: number): DatabaseSync | undefined {
  const path = join(state.folder, 'lock.db')
  // Never opened by ourselves once it exists: closing any other handle would drop this process's lock (POSIX).
  if (!existsSync(path)) createForGroup(path)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { timeout: timeoutMs })
    // Nothing is ever written: without this a lock on the empty file would make a journal, and need an inode on a full disk.
    database.exec(`PRAGMA journal_mode = MEMORY; ${statement}`)
    return database
  } catch (cause) {
    database?.close()
    if (cause instanceof Error && /locked|busy/i.test(cause.message)) return undefined
    throw new AppError('state.denied', `The lock ${path} cannot be taken: ${cause instanceof Error ? cause.message : String(cause)}`, {
      hint: 'Run "holdfast init --group NAME" as the owner of the state folder.',
      cause,
    })
  }
}

/** The content goes through the descriptor: by name it could meanwhile be a link of somebody else's. */
function createForGroup(path: string, content = ''): void {
  try {
    const fd = openSync(path, 'ax', 0o660)
    // The umask may have taken the group's right to write.
    fchmodSync(fd, 0o660)
    writeSync(fd, content)
    closeSync(fd)
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return
    throw stateFailure(path, cause)
  }
}
