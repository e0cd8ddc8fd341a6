import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { systemPath } from './name-codec.ts'

export const cacheTagName = 'CACHEDIR.TAG'

const signature = Buffer.from('Signature: 8a477f597d28d172789f06886806bc55')

/** Whether a folder has a valid CACHEDIR.TAG (https://bford.info/cachedir/). A tag that cannot be read is none: rather too much is saved than too little. */
export function hasCacheTag(folder: string): boolean {
  let fd: number | undefined
  try {
    fd = openSync(systemPath(join(folder, cacheTagName)), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const start = Buffer.alloc(signature.length)
    return fstatSync(fd).isFile() && readSync(fd, start, 0, start.length, 0) === start.length && start.equals(signature)
  } catch {
    return false
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
