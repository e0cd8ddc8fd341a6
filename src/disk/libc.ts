import type * as Ffi from 'node:ffi'
import { fstatSync, ftruncateSync, writeSync } from 'node:fs'
import { constants } from 'node:os'
import { getSystemErrorName } from 'node:util'
import { messageOf } from '../kit/app-error.ts'
import { encodeName } from './name-codec.ts'

/** Exact times for `setTimes`; an undefined one stays as it is. */
type ExactTimes = { readonly atimeNs: bigint | undefined; readonly mtimeNs: bigint | undefined }

/**
 * The few calls of the C library that node:fs does not have. Paths are strings of the name codec; a symlink in the last
 * part is never followed unless the name says so. Failures throw an Error with `code` (`ENOTSUP`) and `syscall`, as node:fs does.
 * Only synchronous; may be used in any thread.
 */
export interface Libc {
  /** Names of extended attributes, with namespace. */
  listXattrs(path: string): string[]
  /** A copy of the value. */
  getXattr(path: string, name: string): Uint8Array
  /** False too on a file system that has none, and for what cannot be looked at. */
  hasXattr(path: string, name: string): boolean
  setXattr(path: string, name: string, value: Uint8Array): void
  /** False where there is none to remove. */
  removeXattr(path: string, name: string): boolean
  /** By an open file; by path and through a symlink in the last part for `/proc/self/fd/N`. */
  setXattrOf(target: number | string, name: string, value: Uint8Array): void
  /** By an open file, or by path and through a symlink in the last part for `/proc/self/fd/N`. */
  setTimes(target: number | string, times: ExactTimes): void
  /** Offset of the next data at or after `offset`; undefined where only a hole follows. */
  seekData(fd: number, offset: number): number | undefined
  /** Offset of the next hole at or after `offset`; the end of the file counts as one. */
  seekHole(fd: number, offset: number): number
  /** Makes a device; `mode` has the file type. */
  makeNode(path: string, mode: number, device: { readonly major: number; readonly minor: number }): void
  makeFifo(path: string, mode: number): void
  /** Makes everything durable on the file system that `fd` lies on. */
  syncFileSystem(fd: number): void
  /** Takes the exclusive lock of an open file without waiting; false where another holds it. */
  tryLock(fd: number): boolean
}

// The same on x86-64 and arm64 (asm-generic): the flags that differ there, O_DIRECTORY and O_NOFOLLOW, come from node:fs.
const atCwd = -100
const seekSet = 0
const seekDataFlag = 3
const seekHoleFlag = 4
const timeOmit = (1n << 30n) - 2n
const lockExclusiveNow = 2 | 4
const maxPathBytes = 4096
// Linux' limits for one value and for all names (limits.h), so that one call always suffices.
const maxXattrBytes = 65_536

const signatures = {
  llistxattr: { arguments: ['buffer', 'buffer', 'u64'], return: 'i64' },
  lgetxattr: { arguments: ['buffer', 'buffer', 'buffer', 'u64'], return: 'i64' },
  lsetxattr: { arguments: ['buffer', 'buffer', 'buffer', 'u64', 'i32'], return: 'i32' },
  lremovexattr: { arguments: ['buffer', 'buffer'], return: 'i32' },
  setxattr: { arguments: ['buffer', 'buffer', 'buffer', 'u64', 'i32'], return: 'i32' },
  fsetxattr: { arguments: ['i32', 'buffer', 'buffer', 'u64', 'i32'], return: 'i32' },
  utimensat: { arguments: ['i32', 'buffer', 'buffer', 'i32'], return: 'i32' },
  futimens: { arguments: ['i32', 'buffer'], return: 'i32' },
  lseek: { arguments: ['i32', 'i64', 'i32'], return: 'i64' },
  mkfifo: { arguments: ['buffer', 'u32'], return: 'i32' },
  syncfs: { arguments: ['i32'], return: 'i32' },
  flock: { arguments: ['i32', 'i32'], return: 'i32' },
  close: { arguments: ['i32'], return: 'i32' },
  memfd_create: { arguments: ['buffer', 'u32'], return: 'i32' },
  __errno_location: { arguments: [], return: 'pointer' },
} as const
// Symbols only since glibc 2.33; missing on older systems, which then cannot make devices.
const nodeSignature = { mknod: { arguments: ['buffer', 'u32', 'u64'], return: 'i32' } } as const

type Loaded = { readonly libc: Libc; readonly missing?: undefined } | { readonly libc?: undefined; readonly missing: string }
let loaded: Loaded | undefined

/** The C library, or undefined where it cannot be reached from this Node; then `missingLibc` says why. */
export function openLibc(): Libc | undefined {
  loaded ??= load()
  return loaded.libc
}

/** Why there is no C library here, as half a sentence; undefined where there is one. */
export function missingLibc(): string | undefined {
  loaded ??= load()
  return loaded.missing
}

function load(): Loaded {
  try {
    const ffi = process.getBuiltinModule('node:ffi') as typeof Ffi | undefined
    if (ffi === undefined) return { missing: 'this Node has no node:ffi' }
    const { libc, withMemoryFile } = bind(ffi)
    withMemoryFile((fd) => selfTest(libc, fd))
    return { libc }
  } catch (error) {
    return { missing: messageOf(error) }
  }
}

function bind(ffi: typeof Ffi): { libc: Libc; withMemoryFile: (use: (fd: number) => void) => void } {
  const c = ffi.dlopen(null, signatures).functions
  // errno lies at a fixed place in each thread; a thread has its own instance of this module.
  const errnoAt = c.__errno_location() as bigint
  const pathBytes = Buffer.alloc(maxPathBytes)
  const nameBytes = Buffer.alloc(512)
  const value = Buffer.alloc(maxXattrBytes)
  const timeSpecs = Buffer.alloc(32)
  const mknod = optional(() => ffi.dlopen(null, nodeSignature).functions.mknod)

  const failed = (syscall: string, about: string): Error => systemError(ffi.getInt32(errnoAt, 0), syscall, about)
  const check = (result: number | bigint, syscall: string, about: number | string): void => {
    if (result < 0) throw failed(syscall, String(about))
  }
  const path = (text: string): Buffer => cString(text, pathBytes)
  const name = (text: string): Buffer => cString(text, nameBytes)

  const libc: Libc = {
    listXattrs(file) {
      const length = Number(c.llistxattr(path(file), value, BigInt(value.length)))
      if (length === 0) return []
      check(length, 'llistxattr', file)
      return value.toString('latin1', 0, length - 1).split('\0').map(utf8)
    },
    getXattr(file, attribute) {
      const length = Number(c.lgetxattr(path(file), name(attribute), value, BigInt(value.length)))
      check(length, 'lgetxattr', file)
      return Uint8Array.prototype.slice.call(value, 0, length)
    },
    setXattr(file, attribute, bytes) {
      check(c.lsetxattr(path(file), name(attribute), Buffer.from(bytes), BigInt(bytes.length), 0), 'lsetxattr', file)
    },
    hasXattr(file, attribute) {
      return c.lgetxattr(path(file), name(attribute), value, 0n) >= 0
    },
    removeXattr(file, attribute) {
      if (c.lremovexattr(path(file), name(attribute)) === 0) return true
      // Most have none: an Error for each would take longer than all else.
      const errno = ffi.getInt32(errnoAt, 0)
      if (errno === constants.errno.ENODATA || errno === constants.errno.ENOTSUP) return false
      throw systemError(errno, 'lremovexattr', file)
    },
    setXattrOf(target, attribute, bytes) {
      const data = Buffer.from(bytes)
      const result = typeof target === 'number'
        ? c.fsetxattr(target, name(attribute), data, BigInt(data.length), 0)
        : c.setxattr(path(target), name(attribute), data, BigInt(data.length), 0)
      check(result, 'setxattr', target)
    },
    setTimes(target, times) {
      writeTime(timeSpecs, 0, times.atimeNs)
      writeTime(timeSpecs, 16, times.mtimeNs)
      check(typeof target === 'number' ? c.futimens(target, timeSpecs) : c.utimensat(atCwd, path(target), timeSpecs, 0), 'utimensat', target)
    },
    seekData(fd, offset) {
      const found = Number(c.lseek(fd, BigInt(offset), seekDataFlag))
      if (found >= 0) return found
      const error = failed('lseek', String(fd))
      if ('code' in error && error.code === 'ENXIO') return undefined
      throw error
    },
    seekHole(fd, offset) {
      const found = Number(c.lseek(fd, BigInt(offset), seekHoleFlag))
      check(found, 'lseek', fd)
      return found
    },
    makeNode(file, mode, device) {
      if (mknod === undefined) throw systemError(38, 'mknod', file)
      check(mknod(path(file), mode, deviceNumber(device)), 'mknod', file)
    },
    makeFifo(file, mode) {
      check(c.mkfifo(path(file), mode), 'mkfifo', file)
    },
    syncFileSystem(fd) {
      check(c.syncfs(fd), 'syncfs', fd)
    },
    tryLock(fd) {
      if (c.flock(fd, lockExclusiveNow) === 0) return true
      const error = failed('flock', String(fd))
      if ('code' in error && error.code === 'EAGAIN') return false
      throw error
    },
  }
  const withMemoryFile = (use: (fd: number) => void): void => {
    const fd = c.memfd_create(name('holdfast'), 1)
    check(fd, 'memfd_create', 'holdfast')
    try {
      if (Number(c.lseek(fd, 5n, seekSet)) !== 5) throw new Error('lseek through node:ffi gives wrong results')
      use(fd)
    } finally {
      // Not by node:fs, which in a worker warns of descriptors that it has not opened itself.
      c.close(fd)
    }
  }
  return { libc, withMemoryFile }
}

/** Wrong signatures are not told by node:ffi, so each kind of call is compared with what node:fs sees. A file in memory: no disk is needed. */
function selfTest(libc: Libc, fd: number): void {
  const holeBytes = 262_144
  ftruncateSync(fd, 4 * holeBytes)
  writeSync(fd, 'x', holeBytes)
  const times = { atimeNs: 1_000_000_001n, mtimeNs: -1_234_567_890_123_456_789n }
  libc.setTimes(fd, times)
  const stat = fstatSync(fd, { bigint: true })
  const data = libc.seekData(fd, 0)
  const hole = libc.seekHole(fd, holeBytes)
  const right = stat.mtimeNs === times.mtimeNs && stat.atimeNs === times.atimeNs
    && data !== undefined && data <= holeBytes && hole > holeBytes && hole <= 4 * holeBytes && libc.tryLock(fd)
  if (!right) throw new Error('calls through node:ffi give wrong results')
  if (errnoOf(() => libc.listXattrs('/proc/self/no-such-file')) !== 'ENOENT') throw new Error('node:ffi does not give errno')
}

function errnoOf(call: () => void): unknown {
  try {
    call()
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : undefined
  }
}

function systemError(errno: number, syscall: string, about: string): Error {
  const code = errno > 0 ? getSystemErrorName(-errno) : 'EIO'
  return Object.assign(new Error(`${code}: ${syscall} '${about}'`), { code, errno: -errno, syscall })
}

/** Puts the text and its closing NUL into `target`. */
function cString(text: string, target: Buffer): Buffer {
  const bytes = encodeName(text)
  if (bytes.length >= target.length) throw systemError(36, 'path', text)
  if (bytes.includes(0)) throw systemError(22, 'path', text)
  bytes.copy(target)
  target[bytes.length] = 0
  return target
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

function writeTime(target: Buffer, at: number, timeNs: bigint | undefined): void {
  const billion = 1_000_000_000n
  const rest = timeNs === undefined ? timeOmit : ((timeNs % billion) + billion) % billion
  target.writeBigInt64LE(timeNs === undefined ? 0n : (timeNs - rest) / billion, at)
  target.writeBigInt64LE(rest, at + 8)
}

/** glibc's gnu_dev_makedev. */
function deviceNumber(device: { readonly major: number; readonly minor: number }): bigint {
  const major = BigInt(device.major)
  const minor = BigInt(device.minor)
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n)
}

function optional<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}
