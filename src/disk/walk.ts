import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import type { DataRange, Entry, EntryKind } from '../model/entry.ts'
import { readAccounts } from './accounts.ts'
import type { Accounts } from './accounts.ts'
import { cacheTagName, hasCacheTag } from './cache-tag.ts'
import { sortNames } from './compare-names.ts'
import { dataRanges } from './data-ranges.ts'
import { HardlinkNames } from './hardlink-names.ts'
import { missingLibc, openLibc } from './libc.ts'
import type { Libc } from './libc.ts'
import { decodeName, encodeName, systemPath } from './name-codec.ts'
import type { Select } from './selection.ts'
import { readXattrs } from './xattrs.ts'

/** `vanished`: gone since its folder was read. `unreadable`: it belongs here and is missing. `metadata`: it is here without something of it. */
export type WalkProblem = { readonly path: string; readonly code: 'vanished' | 'unreadable' | 'metadata'; readonly message: string }
/** Why a folder's contents were passed over. */
export type SkipReason = 'other-file-system' | 'cache'

export type WalkOptions = {
  readonly select: Select
  /** Folders on which another file system is mounted are kept without their contents. */
  readonly oneFileSystem: boolean
  /** Folders with a valid CACHEDIR.TAG (https://bford.info/cachedir/) are kept with the tag alone; never the root itself. */
  readonly cacheDirTag: boolean
  readonly signal: AbortSignal
  onProblem(problem: WalkProblem): void
  onSkip?(path: string, reason: SkipReason): void
}

type Folder = { readonly fd: number; readonly path: string; readonly names: readonly string[]; next: number; readonly onlyTag: boolean }
/** A folder that is itself not chosen: told only when something below it is. */
type Waiting = Entry[]

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const fileFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
const maxPathBytes = 4095
const stepsBetweenPauses = 256

/**
 * Everything below a folder, the folder itself first as `.`: parents before children, the names of each folder in the
 * order of their bytes, a hardlink's first name before the others. No symlink below the root is followed, also not
 * where somebody swaps folders for links meanwhile: each folder is opened within its parent. What cannot be read is told and
 * passed over. Memory holds the names of the folders on the current path and the inodes whose further names are still to come.
 * @throws AppError `source.missing`, `source.unreadable` for the root itself, `interrupted`.
 */
export async function* walk(root: string, options: WalkOptions): AsyncGenerator<Entry, void, undefined> {
  let steps = 0
  const walker = new Walker(root, options)
  for (const entry of walker.entries()) {
    if (entry !== undefined) yield entry
    steps += 1
    if (steps % stepsBetweenPauses === 0) await setImmediate()
    if (options.signal.aborted) throw new AppError('interrupted', 'Reading the folder was interrupted', { cause: options.signal.reason })
  }
}

class Walker {
  readonly #root: string
  readonly #options: WalkOptions
  readonly #accounts: Accounts
  readonly #libc: Libc | undefined
  readonly #hardlinks = new HardlinkNames()
  #rootDevice = 0n

  constructor(root: string, options: WalkOptions) {
    this.#root = resolveRoot(root)
    this.#options = options
    this.#accounts = readAccounts()
    this.#libc = openLibc()
  }

  /** Undefined stands for a step that gave nothing, so that the caller can pause and see a cancel. */
  * entries(): Generator<Entry | undefined, void, undefined> {
    const { signal } = this.#options
    if (signal.aborted) throw new AppError('interrupted', 'Reading the folder was interrupted', { cause: signal.reason })
    const open: Folder[] = []
    const waiting: Waiting = []
    try {
      const root = this.#openRoot()
      open.push(root)
      const stat = fstatSync(root.fd, { bigint: true })
      this.#rootDevice = stat.dev
      yield this.#entry('.', 'dir', `/proc/self/fd/${root.fd}/.`, stat, undefined)
      if (this.#libc === undefined) this.#problem('.', 'metadata', `Extended attributes, ACLs and holes are not read: ${missingLibc() ?? ''}`)
      for (let folder = open.at(-1); folder !== undefined; folder = open.at(-1)) {
        const name = folder.names[folder.next]
        folder.next += 1
        if (name === undefined) {
          open.pop()
          closeSync(folder.fd)
          if (waiting.at(-1)?.path === folder.path) waiting.pop()
          continue
        }
        yield* this.#visit(folder, name, open, waiting)
      }
    } finally {
      for (const folder of open) closeSync(folder.fd)
    }
  }

  * #visit(parent: Folder, name: string, open: Folder[], waiting: Waiting): Generator<Entry | undefined, void, undefined> {
    const path = parent.path === '.' ? name : `${parent.path}/${name}`
    if (parent.onlyTag && name !== cacheTagName) return
    const at = `/proc/self/fd/${parent.fd}/${name}`
    const stat = this.#stat(path, at)
    const kind = stat === undefined ? undefined : kindOf(stat)
    if (stat === undefined || kind === undefined) return yield undefined
    const choice = this.#options.select(path, kind === 'dir')
    if (choice === 'skip' || (choice === 'descend' && kind !== 'dir')) return yield undefined
    const linkTarget = kind === 'symlink' ? this.#linkTarget(path, at) : undefined
    if (kind === 'symlink' && linkTarget === undefined) return yield undefined
    const entry = this.#entry(path, kind, at, stat, linkTarget)
    if (choice === 'take') {
      yield* waiting.splice(0)
      yield entry
    }
    if (kind !== 'dir') return
    const folder = this.#enter(path, at, stat)
    if (folder === undefined) return
    open.push(folder)
    if (choice === 'descend') waiting.push(entry)
  }

  #stat(path: string, at: string): BigIntStats | undefined {
    try {
      const stat = lstatSync(systemPath(at), { bigint: true })
      // Its content could not be opened by path; UTF-8 has at most three bytes a UTF-16 unit.
      if (this.#root.length + path.length > maxPathBytes / 3 && encodeName(`${this.#root}/${path}`).length > maxPathBytes) {
        throw new Error(`its path is longer than ${maxPathBytes} bytes`)
      }
      return stat
    } catch (error) {
      // What is left out anyway may come and go.
      const wanted = this.#options.select(path, false) !== 'skip' || this.#options.select(path, true) !== 'skip'
      if (wanted) this.#failed(path, error)
      return undefined
    }
  }

  /** Opens a folder for its names; undefined where it may not or shall not be entered. */
  #enter(path: string, at: string, seen: BigIntStats): Folder | undefined {
    if (this.#options.oneFileSystem && seen.dev !== this.#rootDevice) {
      this.#options.onSkip?.(path, 'other-file-system')
      return undefined
    }
    let fd: number | undefined
    try {
      fd = openSync(systemPath(at), folderFlags)
      const stat = fstatSync(fd, { bigint: true })
      // Swapped since lstat, or an automount that came up just now.
      if (stat.ino !== seen.ino || stat.dev !== seen.dev) throw new Error('it was replaced while the folder was read')
      const names = folderNames(fd)
      const onlyTag = this.#options.cacheDirTag && names.includes(cacheTagName) && hasCacheTag(`/proc/self/fd/${fd}`)
      if (onlyTag) this.#options.onSkip?.(path, 'cache')
      return { fd, path, names, next: 0, onlyTag }
    } catch (error) {
      if (fd !== undefined) closeSync(fd)
      this.#failed(path, error)
      return undefined
    }
  }

  #openRoot(): Folder {
    let fd: number | undefined
    try {
      fd = openSync(systemPath(this.#root), folderFlags)
      return { fd, path: '.', names: folderNames(fd), next: 0, onlyTag: false }
    } catch (cause) {
      if (fd !== undefined) closeSync(fd)
      if (systemCode(cause) === 'ENOTDIR') throw new AppError('source.missing', `${this.#root} is no folder`, { cause })
      throw new AppError('source.unreadable', `${this.#root} cannot be read`, { hint: 'Run as a user that may read it.', cause })
    }
  }

  #entry(path: string, kind: EntryKind, at: string, stat: BigIntStats, linkTarget: string | undefined): Entry {
    const uid = Number(stat.uid)
    const gid = Number(stat.gid)
    const user = this.#accounts.userName(uid)
    const group = this.#accounts.groupName(gid)
    const xattrs = this.#xattrs(path, at)
    return {
      path,
      kind,
      mode: Number(stat.mode & 0o7777n),
      mtimeNs: stat.mtimeNs,
      ctimeNs: stat.ctimeNs,
      atimeNs: stat.atimeNs,
      dev: Number(stat.dev),
      ino: Number(stat.ino),
      links: Number(stat.nlink),
      uid,
      gid,
      ...(user === undefined ? undefined : { user }),
      ...(group === undefined ? undefined : { group }),
      ...(xattrs === undefined ? undefined : { xattrs }),
      ...(kind === 'file' ? this.#fileFacts(path, at, stat) : undefined),
      ...(linkTarget === undefined ? undefined : { linkTarget }),
      ...(kind === 'char' || kind === 'block' ? { rdev: deviceNumbers(stat.rdev) } : undefined),
    }
  }

  #fileFacts(path: string, at: string, stat: BigIntStats): Partial<Entry> {
    const hardlinkTo = stat.nlink > 1n ? this.#hardlinks.firstOf(stat, path) : undefined
    const data = hardlinkTo === undefined && stat.blocks * 512n < stat.size ? this.#data(at, stat) : undefined
    return {
      size: Number(stat.size),
      onDisk: this.#root === '/' ? `/${path}` : `${this.#root}/${path}`,
      ...(hardlinkTo === undefined ? undefined : { hardlinkTo }),
      ...(data === undefined ? undefined : { data }),
    }
  }

  #data(at: string, stat: BigIntStats): readonly DataRange[] | undefined {
    if (this.#libc === undefined) return undefined
    let fd: number | undefined
    try {
      fd = openSync(systemPath(at), fileFlags)
      return fstatSync(fd, { bigint: true }).ino === stat.ino ? dataRanges(this.#libc, fd, Number(stat.size)) : undefined
    } catch {
      // Without ranges the whole is read, zeros included; whether it may be read is told by whoever reads it.
      return undefined
    } finally {
      if (fd !== undefined) closeSync(fd)
    }
  }

  #linkTarget(path: string, at: string): string | undefined {
    try {
      return decodeName(readlinkSync(systemPath(at), { encoding: 'buffer' }))
    } catch (error) {
      this.#failed(path, error)
      return undefined
    }
  }

  #xattrs(path: string, at: string): ReadonlyMap<string, Uint8Array> | undefined {
    if (this.#libc === undefined) return undefined
    try {
      return readXattrs(this.#libc, at)
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') this.#problem(path, 'metadata', `Its extended attributes cannot be read (${systemCode(error) ?? messageOf(error)})`)
      return undefined
    }
  }

  #failed(path: string, error: unknown): void {
    const code = systemCode(error)
    if (code === 'ENOENT') return this.#problem(path, 'vanished', 'It vanished while the folder was read')
    const why = code === 'EACCES' || code === 'EPERM' ? 'may not be read by this user' : `cannot be read (${code ?? messageOf(error)})`
    this.#problem(path, 'unreadable', `It ${why}`)
  }

  #problem(path: string, code: WalkProblem['code'], message: string): void {
    this.#options.onProblem({ path, code, message })
  }
}

function resolveRoot(root: string): string {
  try {
    return decodeName(realpathSync.native(systemPath(root), 'buffer'))
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') throw new AppError('source.missing', `There is no folder ${root}`, { cause })
    throw new AppError('source.unreadable', `${root} cannot be read`, { hint: 'Run as a user that may read it.', cause })
  }
}

function folderNames(fd: number): string[] {
  const folder = `/proc/self/fd/${fd}`
  const names = readdirSync(folder)
  // U+FFFD may be part of a name, or stand for bytes that are no UTF-8.
  const bytesNeeded = names.some((name) => name.includes('\ufffd'))
  return sortNames(bytesNeeded ? readdirSync(folder, 'buffer').map(decodeName) : names)
}

function kindOf(stat: BigIntStats): EntryKind | undefined {
  if (stat.isFile()) return 'file'
  if (stat.isDirectory()) return 'dir'
  if (stat.isSymbolicLink()) return 'symlink'
  if (stat.isFIFO()) return 'fifo'
  if (stat.isSocket()) return 'socket'
  if (stat.isCharacterDevice()) return 'char'
  return stat.isBlockDevice() ? 'block' : undefined
}

/** glibc's gnu_dev_major and gnu_dev_minor. */
function deviceNumbers(device: bigint): { major: number; minor: number } {
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & ~0xffn)),
  }
}
