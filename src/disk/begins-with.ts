import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { systemPath } from './name-codec.ts'

/** Whether a plain file begins with these bytes. False for what cannot be read, a link, or anything that is no file; it waits for nothing. */
export function beginsWith(path: string, start: Buffer): boolean {
  let fd: number | undefined
  try {
    fd = openSync(systemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const head = Buffer.alloc(start.length)
    return fstatSync(fd).isFile() && readSync(fd, head, 0, head.length, 0) === head.length && head.equals(start)
  } catch {
    return false
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
