import { readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { readMounts } from '../../disk/mounts.ts'
import { realPath } from '../../disk/real-path.ts'
import { isMountedOnUse } from './engine-volumes.ts'
import { userOfSocket } from './engine-socket.ts'
import type { Volume } from './volumes.ts'

/** Whether a volume's content is to be seen at its folder now. Where it is not, the folder is there all the same, and empty. */
export function isInReach(volume: Pick<Volume, 'source' | 'driver' | 'options'>): boolean {
  if (!isMountedOnUse(volume)) return true
  const folder = realPath(volume.source)
  // Not every driver mounts something.
  return readMounts().some(({ path }) => path === folder) || (volume.driver !== 'local' && holdsSomething(folder))
}

/**
 * Whether an engine may say of a folder that it is a volume's. That of another user is believed only of folders of that user: else
 * it could have root read, or replace, any folder of this machine.
 */
export function mayBeOfEngine(folder: string, socket: string): boolean {
  const user = userOfSocket(socket)
  if (user === undefined || user === process.getuid?.()) return true
  const real = realPath(folder)
  // What a container has made its own belongs to one of that user's further ids, and lies in a folder of the user's own.
  return [real, dirname(real)].some((path) => statSync(path, { throwIfNoEntry: false })?.uid === user)
}

function holdsSomething(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0
  } catch {
    return false
  }
}
