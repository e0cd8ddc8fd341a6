import { chmod, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../kit/app-error.ts'
import { stateFailure } from './state-failure.ts'

/** Where an application's locks, journals and status lie. */
export type AppState = { readonly app: string; readonly folder: string; readonly runsFolder: string; readonly tempFolder: string }

/**
 * Opens, and makes where missing, an application's state folder below `stateRoot`. New folders take the group of
 * their parent (setgid) and let that group read and write, nobody else: root's cron, a user of the group and a web
 * server's user share one state.
 *
 * @throws AppError `state.denied` when this user may not use it, `storage.full`.
 */
export async function openAppState(stateRoot: string, app: string): Promise<AppState> {
  const folder = join(stateRoot, app)
  const state = { app, folder, runsFolder: join(folder, 'runs'), tempFolder: join(folder, 'tmp') }
  try {
    await makeShared(stateRoot, true)
    for (const path of [folder, state.runsFolder, state.tempFolder]) await makeShared(path, false)
  } catch (cause) {
    throw stateFailure(folder, cause)
  }
  return state
}

/** A further folder below an application's own, for the same group. @throws AppError `state.denied`, `storage.full`. */
export async function makeSharedFolder(path: string): Promise<void> {
  try {
    await makeShared(path, false)
  } catch (cause) {
    throw stateFailure(path, cause)
  }
}

async function makeShared(path: string, recursive: boolean): Promise<void> {
  const there = await stat(path).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (there !== undefined) return
  try {
    await mkdir(path, { recursive })
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return
    throw error
  }
  await chmod(path, 0o2770)
}
