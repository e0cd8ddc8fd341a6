import { Stats } from 'node:fs'
import { lchown, lstat, mkdir, open, readdir, rm, stat, statfs, unlink } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError, systemCode } from '../kit/app-error.ts'
import { isStaleTemporary, temporaryPrefix } from '../kit/temporary-name.ts'
import { systemPath } from '../disk/name-codec.ts'
import type { FileOwner } from '../model/file-owner.ts'
import type { BodyChunk, PutOptions, Storage, StoredItem } from '../model/storage.ts'
import { putFile } from './local-put.ts'
import { localFailure } from './local-failure.ts'
import { requireKey, requireRange } from './storage-key.ts'

const readBytes = 1024 * 1024
const pointFolder = /^\.holdfast-[0-9a-f]{16}$/

/** Storage in a local folder: every key is a plain file there. */
export interface LocalStorage extends Storage {
  readonly root: string
}

/**
 * Opens a folder as storage, makes it where it is missing (new files and folders are `owner`'s where that is given), and removes what processes that have died left unfinished.
 * @throws AppError `storage.denied`, `storage.full`, `storage.failed`.
 */
export async function openLocalStorage(options: { readonly root: string; readonly owner?: FileOwner }): Promise<LocalStorage> {
  const root = resolve(options.root)
  try {
    await makeFolders(root, options.owner)
    await removeStale(root)
  } catch (error) {
    throw localFailure(error, root)
  }
  return new LocalFolder(root, options.owner)
}

class LocalFolder implements LocalStorage {
  readonly root: string
  readonly #owner: FileOwner | undefined

  constructor(root: string, owner: FileOwner | undefined) {
    this.root = root
    this.#owner = owner
  }

  async put(key: string, body: AsyncIterable<BodyChunk>, options: PutOptions): Promise<{ sizeBytes: number }> {
    requireKey(key)
    return putFile(this.root, key, body, options, this.#owner)
  }

  async *get(key: string, range: { start: number; end: number } | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    requireKey(key)
    try {
      await using file = await open(systemPath(join(this.root, key)), 'r')
      const stats = await file.stat()
      if (!stats.isFile()) throw new AppError('storage.missing', `${key} is no plain file`)
      const { start, end } = requireRange(range, stats.size, key)
      let at = start
      while (at < end) {
        signal.throwIfAborted()
        const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(readBytes, end - at)), 0, Math.min(readBytes, end - at), at)
        if (bytesRead === 0) throw new AppError('storage.failed', `${key} became shorter while it was read`)
        at += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } catch (error) {
      throw localFailure(error, key)
    }
  }

  async *list(prefix: string, signal: AbortSignal, onDenied?: (folder: string) => void): AsyncGenerator<StoredItem, void, undefined> {
    const folder = prefix.includes('/') ? prefix.slice(0, prefix.lastIndexOf('/')) : ''
    if (folder !== '') requireKey(folder)
    yield* this.#walk(folder, prefix, signal, onDenied)
  }

  async remove(key: string, signal: AbortSignal): Promise<void> {
    requireKey(key)
    signal.throwIfAborted()
    try {
      await unlink(systemPath(join(this.root, key)))
    } catch (error) {
      if (!isMissing(error)) throw localFailure(error, key)
    }
  }

  async usage(signal: AbortSignal): Promise<{ freeBytes?: number }> {
    signal.throwIfAborted()
    try {
      const { bavail, bsize } = await statfs(systemPath(this.root))
      return { freeBytes: bavail * bsize }
    } catch (error) {
      throw localFailure(error, this.root)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing is held between calls.
  }

  async *#walk(folder: string, prefix: string, signal: AbortSignal, onDenied: ((folder: string) => void) | undefined): AsyncGenerator<StoredItem, void, undefined> {
    signal.throwIfAborted()
    const items = await readdir(systemPath(join(this.root, folder)), { withFileTypes: true }).catch((error: unknown) => {
      if (isMissing(error)) return []
      this.#passOver(error, folder, onDenied)
      return []
    })
    // A restore point that is a plain folder holds the application's files, not keys of ours.
    if (folder !== '' && items.some((item) => item.isDirectory() && pointFolder.test(item.name))) return
    for (const item of items) {
      if (item.name.startsWith(temporaryPrefix)) continue
      const key = folder === '' ? item.name : `${folder}/${item.name}`
      if (item.isDirectory() && (key.startsWith(prefix) || prefix.startsWith(`${key}/`))) yield* this.#walk(key, prefix, signal, onDenied)
      if (!item.isFile() || !key.startsWith(prefix)) continue
      const stats = await stat(systemPath(join(this.root, key))).catch((error: unknown) => error)
      if (stats instanceof Stats) {
        yield { key, sizeBytes: stats.size, modifiedAt: stats.mtime }
        continue
      }
      // It may have been removed meanwhile by another run.
      if (!isDenied(stats)) continue
      // Names are told, and nothing more: what may not be searched is not read.
      this.#passOver(stats, folder, onDenied)
      return
    }
  }

  /** @throws AppError where `folder` may not be passed over. */
  #passOver(error: unknown, folder: string, onDenied: ((folder: string) => void) | undefined): void {
    if (folder === '' || !isDenied(error)) throw localFailure(error, folder === '' ? this.root : folder)
    // At the top of ext file systems, root's alone; what a check of the disk has found is no restore point yet.
    if (basename(folder) === 'lost+found') return
    if (onDenied === undefined) throw localFailure(error, folder)
    onDenied(folder)
  }
}

/** Not mkdir's own `recursive`: on a read-only file system that says ENOENT. */
async function makeFolders(path: string, owner: FileOwner | undefined): Promise<void> {
  try {
    await makeFolder(path, owner)
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw error
    await makeFolders(dirname(path), owner)
    await makeFolder(path, owner)
  }
}

async function makeFolder(path: string, owner: FileOwner | undefined): Promise<void> {
  await mkdir(systemPath(path), { mode: 0o770 })
  if (owner !== undefined) await lchown(systemPath(path), owner.uid, owner.gid)
}

async function removeStale(root: string): Promise<void> {
  const now = new Date()
  for (const name of await readdir(systemPath(root))) {
    if (!name.startsWith(temporaryPrefix)) continue
    const path = join(root, name)
    const stats = await lstat(path).catch(() => undefined)
    if (stats === undefined || !isStaleTemporary(name, stats.mtime, now)) continue
    // Another user's leftover that we may not remove hinders nobody.
    await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}

function isDenied(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'EACCES' || code === 'EPERM'
}

function isMissing(error: unknown): boolean {
  const code = systemCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
