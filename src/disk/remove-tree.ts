import { chmodSync, closeSync, constants, fchmodSync, openSync, readdirSync, renameSync, rmdirSync, unlinkSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { newId } from '../kit/new-id.ts'
import { AppError, systemCode } from '../kit/app-error.ts'
import { systemPath } from './name-codec.ts'
import { writeFailure } from './write-failure.ts'

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
// Linux: an open file that stands for its name only. Not in node:fs.
const nameOnly = 0o10000000
// Folders below are moved up first: each level holds a descriptor open.
const mostLevels = 64
const mostRounds = 3
const namesAtOnce = 256

type Removal = { readonly root: number; moved: boolean }

/**
 * Removes a folder with all that is in it; a missing one is no error. Each part is opened within its parent and never
 * through a link, so that nothing outside is removed whoever swaps folders for links meanwhile — node:fs would follow
 * those. It may be deeper than any path that the system takes. Needs /proc (Linux).
 *
 * @throws AppError `storage.denied`, `restore.failed`.
 */
export async function removeTree(path: string): Promise<void> {
  try {
    const root = openSync(systemPath(path), folderFlags)
    try {
      const removal: Removal = { root, moved: true }
      while (removal.moved) {
        removal.moved = false
        await empty(root, removal, 0)
      }
    } finally {
      closeSync(root)
    }
    rmdirSync(systemPath(path))
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw writeFailure(error, path)
  }
}

async function empty(folder: number, removal: Removal, level: number): Promise<void> {
  makeWritable(folder)
  for (const [index, name] of readdirSync(`/proc/self/fd/${folder}/.`, { encoding: 'buffer' }).entries()) {
    if (index % namesAtOnce === namesAtOnce - 1) await setImmediate()
    const at = Buffer.concat([Buffer.from(`/proc/self/fd/${folder}/`), name])
    for (let round = 1; !(await isGone(at, removal, level)); round++) {
      if (round === mostRounds) throw new AppError('restore.failed', 'A folder is filled while it is removed', { hint: 'End the program that writes into it.' })
    }
  }
}

/** Removes what has this name; false where something else has the name by now, or something new lies in it. */
async function isGone(at: Buffer, removal: Removal, level: number): Promise<boolean> {
  try {
    unlinkSync(at)
    return true
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true
    if (systemCode(error) !== 'EISDIR' && systemCode(error) !== 'EPERM') throw error
  }
  try {
    const folder = openFolder(at)
    try {
      if (level === mostLevels) {
        // A folder that moves gets another "..", for which it must be writable.
        makeWritable(folder)
        renameSync(at, `/proc/self/fd/${removal.root}/${newId()}`)
        removal.moved = true
        return true
      }
      await empty(folder, removal, level + 1)
    } finally {
      closeSync(folder)
    }
    rmdirSync(at)
    return true
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return true
    if (code !== 'ELOOP' && code !== 'ENOTDIR' && code !== 'ENOTEMPTY') throw error
    return false
  }
}

function openFolder(at: Buffer): number {
  try {
    return openSync(at, folderFlags)
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error
  }
  // An ordinary user may own folders that not even the owner may read.
  const named = openSync(at, nameOnly | folderFlags)
  try {
    chmodSync(`/proc/self/fd/${named}`, 0o700)
  } finally {
    closeSync(named)
  }
  return openSync(at, folderFlags)
}

function makeWritable(folder: number): void {
  try {
    fchmodSync(folder, 0o700)
  } catch {
    // It is another's; whether what is in it can be removed shows soon.
  }
}
