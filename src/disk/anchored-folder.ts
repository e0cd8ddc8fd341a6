import { closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { AppError, systemCode } from '../kit/app-error.ts'
import { decodeName, encodeName, isOddName } from './name-codec.ts'

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/**
 * A folder held open, with paths below it that never leave it: each part is opened relative to its parent's descriptor
 * and may not be a symlink, so that a folder that somebody swaps for a link meanwhile is refused, not followed.
 * Needs /proc (Linux).
 */
export class AnchoredFolder implements Disposable {
  readonly #root: number
  /** The parents that were opened last, from the top down; neighbouring paths share them. */
  #chain: { name: string; fd: number }[] = []

  /** @throws AppError `restore.target` where `root` is no folder or may not be read. */
  constructor(root: string) {
    try {
      this.#root = openSync(root, folderFlags)
    } catch (cause) {
      throw new AppError('restore.target', `The folder ${root} cannot be opened`, { hint: 'Check that it exists, is a folder and may be read.', cause })
    }
  }

  /**
   * A path for system calls that names `path` without following any link before its last part; it is valid until the
   * next call of this folder. @throws AppError `archive.unsafe` where a parent is no folder, and system errors (ENOENT).
   */
  at(path: string): string | Buffer {
    if (path === '.') return `/proc/self/fd/${this.#root}/.`
    const parts = path.split('/')
    const name = parts.pop() ?? ''
    for (const part of [...parts, name]) {
      if (part === '' || part === '.' || part === '..' || part.includes('\0')) throw new AppError('archive.unsafe', `"${path}" is no path below a folder`)
    }
    return joined(this.#open(parts, path), name)
  }

  /** What lies at `path` itself, links not followed; undefined where there is nothing, or can be none, and below what is no folder. */
  lstat(path: string): BigIntStats | undefined {
    try {
      return lstatSync(this.at(path), { bigint: true })
    } catch (error) {
      const code = systemCode(error instanceof AppError ? error.cause : error)
      if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENAMETOOLONG') return undefined
      throw error
    }
  }

  /** The names in a folder, sorted by their bytes. @throws AppError `restore.target` where it is gone, `archive.unsafe` where it is none. */
  names(path: string): string[] {
    try {
      const fd = path === '.' ? this.#root : this.#open(path.split('/'), path)
      const names = readdirSync(`/proc/self/fd/${fd}/.`, { encoding: 'buffer' })
      return names.sort(Buffer.compare).map(decodeName)
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') throw cause
      throw new AppError('restore.target', `The folder "${path}" vanished while it was read`, { hint: 'Stop what changes the folders meanwhile, and try again.', cause })
    }
  }

  [Symbol.dispose](): void {
    this.#close(0)
    closeSync(this.#root)
  }

  /** Forgets the open parents; needed after folders were renamed by other ways than this object. */
  forget(): void {
    this.#close(0)
  }

  #open(parts: readonly string[], path: string): number {
    let shared = 0
    while (shared < parts.length && this.#chain[shared]?.name === parts[shared]) shared += 1
    this.#close(shared)
    let fd = this.#chain.at(-1)?.fd ?? this.#root
    for (const name of parts.slice(shared)) {
      try {
        fd = openSync(joined(fd, name), folderFlags)
      } catch (cause) {
        if (systemCode(cause) === 'ELOOP' || systemCode(cause) === 'ENOTDIR') {
          throw new AppError('archive.unsafe', `"${path}" passes through "${name}", which is no folder`, { hint: 'A link or a file stands where a folder was expected; nothing was written through it.', cause })
        }
        throw cause
      }
      this.#chain.push({ name, fd })
    }
    return fd
  }

  #close(keep: number): void {
    for (const { fd } of this.#chain.splice(keep)) closeSync(fd)
  }
}

function joined(fd: number, name: string): string | Buffer {
  const path = `/proc/self/fd/${fd}/${name}`
  return isOddName(name) ? encodeName(path) : path
}
