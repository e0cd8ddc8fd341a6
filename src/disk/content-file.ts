import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { AppError, systemCode } from '../kit/app-error.ts'
import { systemPath } from './name-codec.ts'

// O_NONBLOCK: a fifo put in the file's place meanwhile must not hold us up; it has no effect on plain files.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** A plain file of the source, open for reading. All calls are synchronous, so that workers use it as it is. */
export interface ContentFile extends Disposable {
  readonly fd: number
  /** Size when it was opened. */
  readonly size: number
  /** Reads up to `target.length` bytes at `position`; less only at the end of the file, 0 past it. @throws AppError `source.unreadable`. */
  readSync(target: Uint8Array, position: number): number
  /** True where the file is no longer what the walker saw: other size, content written, or metadata changed. Call it after the last read. */
  changedSince(mtimeNs: bigint, ctimeNs: bigint | undefined, size: number | undefined): boolean
}

/**
 * Opens the file of an entry (`onDisk`) without following a symlink in its last part, leaving its access time alone where
 * that is allowed, and makes sure that it still is the plain file that the walker saw.
 * @throws AppError `source.unreadable`; its cause has the system's code (`ENOENT`: it vanished) where there is one.
 */
export function openContentFile(path: string, expect: { readonly dev?: number | undefined; readonly ino?: number | undefined }): ContentFile {
  const fd = open(path)
  try {
    const stat = fstatSync(fd, { bigint: true })
    if (!stat.isFile()) throw replaced(path, 'is no plain file any more')
    const other = (expect.dev !== undefined && Number(stat.dev) !== expect.dev) || (expect.ino !== undefined && Number(stat.ino) !== expect.ino)
    if (other) throw replaced(path, 'was replaced by another file while the folder was read')
    return contentFile(path, fd, Number(stat.size))
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function contentFile(path: string, fd: number, size: number): ContentFile {
  let isOpen = true
  return {
    fd,
    size,
    readSync(target, position) {
      try {
        let at = 0
        while (at < target.length) {
          const count = readSync(fd, target, at, target.length - at, position + at)
          if (count === 0) break
          at += count
        }
        return at
      } catch (cause) {
        throw new AppError('source.unreadable', `${path} could not be read`, { hint: 'Check the disk; the system log tells of bad sectors.', cause })
      }
    },
    changedSince(mtimeNs, ctimeNs, expectedSize) {
      const stat = fstatSync(fd, { bigint: true })
      return stat.mtimeNs !== mtimeNs || (ctimeNs !== undefined && stat.ctimeNs !== ctimeNs) || (expectedSize !== undefined && Number(stat.size) !== expectedSize)
    },
    [Symbol.dispose]() {
      if (isOpen) closeSync(fd)
      isOpen = false
    },
  }
}

function open(path: string): number {
  const name = systemPath(path)
  try {
    return openSync(name, flags | constants.O_NOATIME)
  } catch (error) {
    // Only the owner and root may leave the access time alone.
    if (systemCode(error) !== 'EPERM') throw unreadable(path, error)
  }
  try {
    return openSync(name, flags)
  } catch (error) {
    throw unreadable(path, error)
  }
}

function unreadable(path: string, cause: unknown): AppError {
  const code = systemCode(cause)
  if (code === 'ENOENT' || code === 'ENOTDIR') return new AppError('source.unreadable', `${path} vanished before it could be read`, { cause })
  if (code === 'ELOOP') return replaced(path, 'is a symlink now', cause)
  return new AppError('source.unreadable', `${path} may not be read`, { hint: 'Run as a user that may read it, or exclude it.', cause })
}

function replaced(path: string, how: string, cause?: unknown): AppError {
  return new AppError('source.unreadable', `${path} ${how}`, { hint: 'Something writes to this folder during the backup; freeze the application.', cause })
}
