import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { temporaryName } from '../kit/temporary-name.ts'
import { systemPath } from './name-codec.ts'
import { writeFailure } from './write-failure.ts'

/** Makes the names in a folder durable: new, renamed and removed ones. @throws AppError `storage.denied`, `storage.full`, `restore.failed`. */
export function syncFolder(path: string): void {
  try {
    const fd = openSync(systemPath(path), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
}

/**
 * Writes a small file whole or not at all: at any time, a power cut included, there is the old content or the new one.
 * Its permission bits are `mode`, whatever the umask allows.
 * @throws AppError `storage.full`, `storage.denied`, `restore.failed`; then nothing has changed.
 */
export function writeDurably(path: string, content: Uint8Array | string, options: { readonly mode: number }): void {
  const folder = dirname(path)
  const temporary = systemPath(join(folder, temporaryName()))
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600)
    try {
      try {
        writeAndSync(fd, typeof content === 'string' ? Buffer.from(content, 'utf8') : content, options.mode)
      } finally {
        closeSync(fd)
      }
      renameSync(temporary, systemPath(path))
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    }
  } catch (error) {
    throw writeFailure(error, path)
  }
  syncFolder(folder)
}

function writeAndSync(fd: number, bytes: Uint8Array, mode: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, at)
  fchmodSync(fd, mode)
  // Before the rename: ext4 may otherwise keep an empty file under the new name after a power cut.
  fsyncSync(fd)
}
