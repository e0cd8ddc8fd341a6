import { lstat, mkdir, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError, systemCode } from '../kit/app-error.ts'
import { isStaleTemporary, temporaryName } from '../kit/temporary-name.ts'

/**
 * Makes a private folder for temporary files, and removes those that this user's killed runs have left.
 * @throws AppError `storage.full`, `storage.denied`.
 */
export async function makeTempFolder(): Promise<string> {
  await removeStale()
  const path = join(tmpdir(), temporaryName())
  try {
    await mkdir(path, { mode: 0o700 })
    return path
  } catch (cause) {
    const isFull = ['ENOSPC', 'EDQUOT'].includes(systemCode(cause) ?? '')
    throw new AppError(isFull ? 'storage.full' : 'storage.denied', `No temporary folder could be made in ${tmpdir()}`, { hint: isFull ? 'Free space there, or set TMPDIR to a folder that has some.' : 'Set TMPDIR to a folder that may be written to.', cause })
  }
}

async function removeStale(): Promise<void> {
  const now = new Date()
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    const path = join(tmpdir(), name)
    const there = isStaleTemporary(name, now, now) ? await lstat(path).catch(() => undefined) : undefined
    // Anybody may write to the system's folder: in another user's folder names could change while they are removed.
    if (there?.isDirectory() === true && there.uid === process.geteuid?.()) await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}
