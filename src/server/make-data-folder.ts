import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'

/**
 * Makes a folder and those above it, for their owner alone. Step by step: with `recursive` Node never ends where the system says ENOENT for a folder that is there (/proc).
 * @throws AppError `state.denied`.
 */
export async function makeDataFolder(path: string): Promise<void> {
  if (existsSync(path)) return
  if (!existsSync(dirname(path))) await makeDataFolder(dirname(path))
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (cause) {
    if (systemCode(cause) !== 'EEXIST') throw new AppError('state.denied', `The folder ${path} for the server's data cannot be made: ${messageOf(cause)}`, { hint: 'Name another one with --data, or run as its owner.', cause })
  }
}
