import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { AppError, systemCode } from '../kit/app-error.ts'
import type { Libc } from './libc.ts'
import { systemPath } from './name-codec.ts'

/** A folder held open. `inherits`: what is made in it gets an ACL that its entry does not know of. */
export type OpenFolder = { readonly fd: number; readonly dev: bigint; readonly ino: bigint; readonly inherits: boolean }

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const maxOpen = 128
const defaultAcl = 'system.posix_acl_default'
export const accessAcl = 'system.posix_acl_access'

/**
 * The folders of a tree, each opened within its parent and never through a symlink, so that nothing leads outside, also
 * while others rename and link. The last used ones stay open. A folder stays valid until the next call of `open`.
 */
export class OpenFolders implements Disposable {
  readonly #root: OpenFolder
  readonly #libc: Libc | undefined
  readonly #onMade: (path: string, folder: OpenFolder) => void
  readonly #open = new Map<string, OpenFolder>()
  /** One open folder of each file system that was met. */
  readonly #fileSystems = new Map<bigint, number>()

  /** Takes over `rootFd`. */
  constructor(rootFd: number, rootMade: boolean, libc: Libc | undefined, onMade: (path: string, folder: OpenFolder) => void) {
    this.#libc = libc
    this.#onMade = onMade
    this.#root = this.#inspect(rootFd, rootMade, rootMade)
  }

  get root(): OpenFolder {
    return this.#root
  }

  /**
   * Opens the folder at a clean relative path (`.` is the root); with `make` missing ones are made with mode 0700.
   * @throws AppError `archive.unsafe` where a part is no folder; system errors.
   */
  open(path: string, make: boolean): OpenFolder {
    if (path === '.') return this.#root
    const known = this.#open.get(path)
    if (known !== undefined) {
      this.#open.delete(path)
      this.#open.set(path, known)
      return known
    }
    const slash = path.lastIndexOf('/')
    const parent = this.open(slash === -1 ? '.' : path.slice(0, slash), make)
    const folder = this.#openIn(parent, path, make)
    this.#open.set(path, folder)
    if (folder.dev !== this.#root.dev && !this.#fileSystems.has(folder.dev)) this.#fileSystems.set(folder.dev, openSync(`/proc/self/fd/${folder.fd}/.`, folderFlags))
    if (this.#open.size > maxOpen) this.#closeOldest()
    return folder
  }

  /** Makes a folder that is not there yet. @throws system errors (EEXIST). */
  make(parent: OpenFolder, path: string): void {
    mkdirSync(childPath(parent, path), 0o700)
    const fd = openFolder(parent, path)
    try {
      this.#onMade(path, this.#inspect(fd, true, parent.inherits))
    } finally {
      closeSync(fd)
    }
  }

  /** Closes a folder that was removed, and those below it. */
  drop(path: string): void {
    for (const [open, folder] of this.#open) if (open === path || open.startsWith(`${path}/`)) this.#close(open, folder)
  }

  /** Closes all but the root, so that the next `open` sees what lies there now. */
  closeAll(): void {
    for (const [path, folder] of this.#open) this.#close(path, folder)
  }

  /** An open folder on each file system. */
  fileSystems(): number[] {
    return [this.#root.fd, ...this.#fileSystems.values()]
  }

  [Symbol.dispose](): void {
    this.closeAll()
    for (const fd of this.#fileSystems.values()) closeSync(fd)
    this.#fileSystems.clear()
    closeSync(this.#root.fd)
  }

  #openIn(parent: OpenFolder, path: string, make: boolean): OpenFolder {
    try {
      return this.#inspect(openFolder(parent, path), false, false)
    } catch (error) {
      if (!make || systemCode(error) !== 'ENOENT') throw error
    }
    try {
      this.make(parent, path)
    } catch (error) {
      // Somebody else made it meanwhile.
      if (systemCode(error) !== 'EEXIST') throw error
    }
    return this.#inspect(openFolder(parent, path), false, false)
  }

  #inspect(fd: number, made: boolean, dropInherited: boolean): OpenFolder {
    const { dev, ino } = fstatSync(fd, { bigint: true })
    const path = `/proc/self/fd/${fd}/.`
    if (made && dropInherited && this.#libc !== undefined) for (const name of [defaultAcl, accessAcl]) this.#libc.removeXattr(path, name)
    return { fd, dev, ino, inherits: this.#libc?.hasXattr(path, defaultAcl) === true }
  }

  #closeOldest(): void {
    for (const [path, folder] of this.#open) return this.#close(path, folder)
  }

  #close(path: string, folder: OpenFolder): void {
    this.#open.delete(path)
    try {
      // Without syncfs the names in each folder are made durable one by one.
      if (this.#libc === undefined) fsyncSync(folder.fd)
    } finally {
      closeSync(folder.fd)
    }
  }
}

/** A path for system calls for the last part of `path` within its open parent. */
export function childPath(parent: OpenFolder, path: string): string | Buffer {
  return systemPath(childName(parent, path))
}

/** The same as text, for the C library. */
export function childName(parent: OpenFolder, path: string): string {
  return `/proc/self/fd/${parent.fd}/${path.slice(path.lastIndexOf('/') + 1)}`
}

function openFolder(parent: OpenFolder, path: string): number {
  try {
    return openSync(childPath(parent, path), folderFlags)
  } catch (cause) {
    if (systemCode(cause) !== 'ELOOP' && systemCode(cause) !== 'ENOTDIR') throw cause
    throw new AppError('archive.unsafe', `"${path}" is a link or a file where a folder was expected`, {
      hint: 'Nothing was written through it. Restore into an empty folder that nobody else writes to.',
      cause,
    })
  }
}
