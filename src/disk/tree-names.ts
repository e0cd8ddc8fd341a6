import { closeSync, constants, fstatSync, linkSync, lstatSync, openSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { dirname } from 'node:path'
import { AppError, systemCode } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import { InodeSet } from './inode-set.ts'
import type { Libc } from './libc.ts'
import { systemPath } from './name-codec.ts'
import { accessAcl, childName, childPath, OpenFolders } from './open-folders.ts'
import type { OpenFolder } from './open-folders.ts'

const createFlags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
// Linux: an open file that stands for its name only; links and fifos can be opened so. Not in node:fs.
const nameOnly = 0o10000000
const badPath = /(^|\/)\.{0,2}(\/|$)|\0/

/**
 * Makes, links and removes names in a tree, each within its open parent folder. What has a name that is to be made is
 * removed first; nothing existing is ever written into.
 * All calls throw AppError `archive.unsafe` for a path that is not clean or that passes a link, and system errors.
 */
export class TreeNames implements Disposable {
  readonly #folders: OpenFolders
  readonly #libc: Libc | undefined
  /** Plain files made here that may get more names. */
  readonly #made = new InodeSet()
  /** How often a later entry replaced the folder at a path; few. */
  readonly #removals = new Map<string, number>()

  constructor(folders: OpenFolders, libc: Libc | undefined) {
    this.#folders = folders
    this.#libc = libc
  }

  /** A new empty file, open for writing. */
  createFile(entry: Entry): number {
    const parent = this.#parent(entry.path)
    const fd = this.#replacing(parent, entry.path, () => openSync(childPath(parent, entry.path), createFlags, 0o600))
    try {
      if (entry.links !== 1) this.#made.add(fstatSync(fd, { bigint: true }))
      if (parent.inherits) this.#libc?.removeXattr(childName(parent, entry.path), accessAcl)
      return fd
    } catch (error) {
      this.abandonFile(entry.path, fd)
      throw error
    }
  }

  /** Closes a file that was created here and could not be written whole, and removes it. */
  abandonFile(path: string, fd: number): void {
    try {
      const made = fstatSync(fd, { bigint: true })
      this.#made.delete(made)
      closeSync(fd)
      const at = childPath(this.#folders.open(dirname(path), false), path)
      if (lstatOf(at)?.ino === made.ino) unlinkSync(at)
    } catch {
      // The failure that led here is the one to tell; a rest in the target is found by whoever compares it.
    }
  }

  /** Makes the folder where there is none, and gives it open until the next call. */
  folder(path: string): OpenFolder {
    if (path === '.') return this.#folders.root
    const parent = this.#parent(path)
    try {
      this.#folders.make(parent, path)
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
      if (lstatOf(childPath(parent, path))?.isDirectory() !== true) {
        this.#remove(parent, path)
        this.#folders.make(parent, path)
      }
    }
    return this.#folders.open(path, false)
  }

  /**
   * Another name for a plain file that was created here. Gives a descriptor of that file, to be copied and closed by the
   * caller, where the file system takes no more links.
   */
  hardlink(path: string, target: string): number | undefined {
    if (badPath.test(target) || target === path) throw unsafe(path, `is a hardlink to "${target}", which is no other path of the folder`)
    // Held apart from the cache, where opening the other folder may close it.
    const from = this.#holdParent(path, target)
    try {
      const source = childPath(from, target)
      const stat = lstatOf(source)
      if (stat === undefined || !stat.isFile() || !this.#made.has(stat)) throw unsafe(path, `is a hardlink to "${target}", which was not restored before it`)
      const parent = this.#parent(path)
      const at = childPath(parent, path)
      try {
        this.#replacing(parent, path, () => linkSync(source, at))
      } catch (error) {
        if (!['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'EMLINK', 'EXDEV'].includes(systemCode(error) ?? '')) throw error
        return this.#openMade(path, source)
      }
      // The target's name may have changed hands between the look and the link.
      const linked = lstatOf(at)
      if (linked !== undefined && linked.isFile() && this.#made.has(linked)) return undefined
      unlinkSync(at)
      throw unsafe(path, `is a hardlink to "${target}", which was replaced meanwhile`)
    } finally {
      closeSync(from.fd)
    }
  }

  /** Makes a symlink, fifo or device and gives a descriptor that names it, for `/proc/self/fd/N`; the caller closes it. */
  special(entry: Entry): number {
    const { path, kind } = entry
    const parent = this.#parent(path)
    const at = childName(parent, path)
    this.#replacing(parent, path, () => {
      if (kind === 'symlink') symlinkSync(systemPath(entry.linkTarget ?? ''), systemPath(at))
      else if (this.#libc === undefined) throw Object.assign(new Error('ENOSYS: there is no C library'), { code: 'ENOSYS' })
      else if (kind === 'fifo') this.#libc.makeFifo(at, 0o600)
      else this.#libc.makeNode(at, (kind === 'char' ? constants.S_IFCHR : constants.S_IFBLK) | 0o600, entry.rdev ?? { major: 0, minor: 0 })
    })
    const fd = openSync(systemPath(at), nameOnly | constants.O_NOFOLLOW)
    const stat = fstatSync(fd)
    const same = kind === 'symlink' ? stat.isSymbolicLink() : kind === 'fifo' ? stat.isFIFO() : kind === 'char' ? stat.isCharacterDevice() : stat.isBlockDevice()
    if (same && stat.nlink === 1) return fd
    closeSync(fd)
    throw unsafe(path, 'was replaced while it was written')
  }

  /** The folder that lies at this path now; undefined where it is something else or gone. */
  present(path: string): OpenFolder | undefined {
    try {
      return this.#folders.open(path, false)
    } catch (error) {
      if (systemCode(error) === 'ENOENT' || error instanceof AppError) return undefined
      throw error
    }
  }

  /** How often the folder at this path was replaced by a later entry: one that was recorded at a lower count is gone. */
  removals(path: string): number {
    return this.#removals.get(path) ?? 0
  }

  [Symbol.dispose](): void {
    this.#folders[Symbol.dispose]()
  }

  #parent(path: string): OpenFolder {
    if (badPath.test(path)) throw unsafe(path, 'is no path below the folder')
    return this.#folders.open(dirname(path), true)
  }

  #holdParent(path: string, target: string): OpenFolder {
    try {
      const parent = this.#folders.open(dirname(target), false)
      return { ...parent, fd: openSync(`/proc/self/fd/${parent.fd}/.`, folderFlags) }
    } catch (cause) {
      if (systemCode(cause) !== 'ENOENT') throw cause
      throw unsafe(path, `is a hardlink to "${target}", which was not restored before it`)
    }
  }

  #openMade(path: string, source: string | Buffer): number {
    const fd = openSync(source, fileFlags)
    if (this.#made.has(fstatSync(fd, { bigint: true }))) return fd
    closeSync(fd)
    throw unsafe(path, 'is a hardlink to a file that was replaced meanwhile')
  }

  /** Runs what makes a new name; where the name is taken, what has it is removed first. */
  #replacing<T>(parent: OpenFolder, path: string, make: () => T): T {
    for (let attempt = 0; ; attempt++) {
      try {
        return make()
      } catch (error) {
        // Somebody who makes it again and again shall not hold us for ever.
        if (systemCode(error) !== 'EEXIST' || attempt === 3) throw error
        this.#remove(parent, path)
      }
    }
  }

  #remove(parent: OpenFolder, path: string): void {
    const at = childPath(parent, path)
    const stat = lstatOf(at)
    if (stat === undefined) return
    if (!stat.isDirectory()) {
      unlinkSync(at)
      // Its number may be given to a file that is not ours.
      if (stat.isFile() && stat.nlink === 1n) this.#made.delete(stat)
      return
    }
    try {
      rmdirSync(at)
    } catch (cause) {
      if (systemCode(cause) !== 'ENOTEMPTY') throw cause
      throw new AppError('restore.failed', `"${path}" is to be written where a folder with contents lies`, { hint: 'Restore into an empty folder.', cause })
    }
    this.#folders.drop(path)
    this.#removals.set(path, this.removals(path) + 1)
  }
}

function lstatOf(at: string | Buffer): BigIntStats | undefined {
  try {
    return lstatSync(at, { bigint: true })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function unsafe(path: string, how: string): AppError {
  return new AppError('archive.unsafe', `"${path}" ${how}`, { hint: 'The archive is damaged, made to do harm, or somebody else writes to the folder meanwhile.' })
}
