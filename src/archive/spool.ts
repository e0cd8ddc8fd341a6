import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError, systemCode } from '../kit/app-error.ts'
import { temporaryName } from '../kit/temporary-name.ts'

const bufferBytes = 64 * 1024

/**
 * Bytes put aside in a file without a name, which vanishes with the process however it ends. Written to its end, then read
 * as often as wanted.
 */
export class Spool implements Disposable {
  readonly #fd: number
  readonly #buffer = new Uint8Array(bufferBytes)
  #used = 0
  #written = 0
  #open = true

  /** @throws AppError `storage.full`, `storage.denied`, `storage.failed`. */
  constructor(folder: string = tmpdir()) {
    const path = join(folder, temporaryName())
    try {
      this.#fd = openSync(path, 'wx+', 0o600)
      unlinkSync(path)
    } catch (error) {
      throw spoolFailure(error, folder)
    }
  }

  get sizeBytes(): number {
    return this.#written + this.#used
  }

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, bufferBytes - this.#used)
      this.#buffer.set(bytes.subarray(at, at + count), this.#used)
      this.#used += count
      at += count
      if (this.#used === bufferBytes) this.#flush()
    }
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    this.#flush()
    for (let at = 0; at < this.#written; ) {
      const bytes = new Uint8Array(Math.min(bufferBytes, this.#written - at))
      const count = readSync(this.#fd, bytes, 0, bytes.length, at)
      if (count === 0) throw new AppError('internal', 'A temporary file became shorter')
      at += count
      yield bytes.subarray(0, count)
    }
  }

  [Symbol.dispose](): void {
    if (this.#open) closeSync(this.#fd)
    this.#open = false
  }

  #flush(): void {
    try {
      for (let at = 0; at < this.#used; ) {
        const count = writeSync(this.#fd, this.#buffer, at, this.#used - at, this.#written)
        at += count
        this.#written += count
      }
      this.#used = 0
    } catch (error) {
      throw spoolFailure(error, 'temporary files')
    }
  }
}

function spoolFailure(cause: unknown, where: string): AppError {
  const code = systemCode(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT') return new AppError('storage.full', `No space is left for ${where}`, { hint: 'Free space there, or set TMPDIR to a folder that has some.', cause })
  return new AppError(code === 'EACCES' || code === 'EPERM' || code === 'EROFS' ? 'storage.denied' : 'storage.failed', `A temporary file could not be written (${where})`, { hint: 'Set TMPDIR to a folder that may be written to.', cause })
}
