import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError, systemCode } from '../kit/app-error.ts'
import { temporaryName } from '../kit/temporary-name.ts'
import type { TouchRecord, TouchVerdict } from '../policy/judge-touch.ts'
import { judgeTouch, localDay, touchRecordSchema } from '../policy/judge-touch.ts'
import { isLocked, takeAppLock } from './app-lock.ts'
import type { AppState } from './app-state.ts'
import { makeSharedFolder } from './app-state.ts'
import { stateFailure } from './state-failure.ts'

export type TouchAnswer = (TouchVerdict | { readonly state: 'running' }) & { readonly record: TouchRecord }

/**
 * Decides whether this use of an application starts the day's backup, and if so notes that one is begun: of many uses at
 * the same moment only one is told `due`. Never waits for another run.
 *
 * @throws AppError `state.denied`, `storage.full`.
 */
export async function claimTouch(state: AppState, now: Date): Promise<TouchAnswer> {
  const own = await touchState(state)
  const known = readRecord(own)
  const verdict = judgeTouch(known, now)
  if (verdict.state !== 'due') return { ...verdict, record: known }
  if (isLocked(own) || isLocked(state)) return { state: 'running', record: known }
  using lock = lockOrNothing(own, now)
  if (lock.held) return { state: 'running', record: known }
  const record = readRecord(own)
  const again = judgeTouch(record, now)
  if (again.state === 'due') writeRecord(own, { ...record, triedAt: now.toISOString() })
  return { ...again, record }
}

/**
 * Makes the backup that `claimTouch` has claimed, unless one of today has ended well meanwhile; `backUp` gives true where a
 * whole full restore point came of it. How it ended is remembered; what it throws is thrown on. Never two at once.
 *
 * @throws AppError `lock.held`, `state.denied`.
 */
export async function performTouch(state: AppState, now: () => Date, backUp: () => Promise<boolean>): Promise<'done' | 'made' | 'failed'> {
  const own = await touchState(state)
  const startedAt = now()
  using _lock = takeAppLock(own, { pid: process.pid, user: String(process.geteuid?.() ?? ''), kind: 'touch', since: startedAt.toISOString() })
  const record = readRecord(own)
  if (record.doneDay === localDay(startedAt)) return 'done'
  try {
    const isWhole = await backUp()
    writeRecord(own, isWhole
      ? { doneDay: localDay(startedAt), triedAt: startedAt.toISOString(), failures: 0 }
      : { ...record, triedAt: startedAt.toISOString(), failures: record.failures + 1, error: { code: 'partial', message: 'something could not be read' } })
    return isWhole ? 'made' : 'failed'
  } catch (error) {
    // Another run is at work: nothing has failed, and this one comes later.
    if (error instanceof AppError && error.code === 'lock.held') throw error
    const failure = error instanceof AppError ? { code: error.code, message: error.message } : { code: 'internal', message: String(error) }
    writeRecord(own, { ...record, triedAt: startedAt.toISOString(), failures: record.failures + 1, error: failure })
    throw error
  }
}

/** Its own folder and lock: it is held also while the application's is still waited for. */
async function touchState(state: AppState): Promise<AppState> {
  const folder = join(state.folder, 'touch')
  await makeSharedFolder(folder)
  return { ...state, folder }
}

function lockOrNothing(state: AppState, now: Date): Disposable & { readonly held: boolean } {
  try {
    const lock = takeAppLock(state, { pid: process.pid, user: String(process.geteuid?.() ?? ''), kind: 'touch', since: now.toISOString() })
    return { held: false, [Symbol.dispose]: () => lock[Symbol.dispose]() }
  } catch (error) {
    if (error instanceof AppError && error.code === 'lock.held') return { held: true, [Symbol.dispose]: () => undefined }
    throw error
  }
}

function readRecord(state: AppState): TouchRecord {
  try {
    return touchRecordSchema.parse(JSON.parse(readFileSync(join(state.folder, 'touch.json'), 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'EACCES') throw stateFailure(state.folder, error)
    // None yet, or one that nobody can read: then nothing is known to be done.
    return { failures: 0 }
  }
}

/** The folder's right is enough to replace one that another user wrote. */
function writeRecord(state: AppState, record: TouchRecord): void {
  const temporary = join(state.folder, temporaryName())
  try {
    writeFileSync(temporary, JSON.stringify(record), { mode: 0o660, flag: 'wx' })
    chmodSync(temporary, 0o660)
    renameSync(temporary, join(state.folder, 'touch.json'))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw stateFailure(state.folder, cause)
  }
}
