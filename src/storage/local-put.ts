import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError, systemCode } from '../kit/app-error.ts'
import { temporaryName } from '../kit/temporary-name.ts'
import { systemPath } from '../disk/name-codec.ts'
import type { FileOwner } from '../model/file-owner.ts'
import type { BodyChunk, PutOptions } from '../model/storage.ts'
import { localFailure } from './local-failure.ts'
import { requireKey } from './storage-key.ts'

// Written back while the next bytes are made, so that the last fsync has little left to do.
const syncEveryBytes = 64 * 1024 * 1024

/**
 * Writes a body into a temporary file of the root and publishes it as `key` when every byte is on the disk.
 * @throws AppError as Storage.put; nothing is left behind.
 */
export async function putFile(root: string, key: string, body: AsyncIterable<BodyChunk>, options: PutOptions, owner?: FileOwner): Promise<{ sizeBytes: number }> {
  options.signal.throwIfAborted()
  if (!options.replace) await refuseExisting(join(root, key), key)
  const temporary = join(root, temporaryName())
  // The body's own errors pass as they are; only ours are put into words.
  const attempt = async <T>(step: Promise<T>): Promise<T> => step.catch((error: unknown) => { throw localFailure(error, key) })
  const shared = await attempt(isShared(root))
  const file = await attempt(open(systemPath(temporary), 'wx', 0o660))
  try {
    try {
      // The umask of whoever runs must not shut the others of the group out of a shared folder.
      if (shared) await attempt(file.chmod(0o660))
      if (owner !== undefined) await attempt(file.chown(owner.uid, owner.gid))
      const sizeBytes = await writeBody(file, body, options.signal, attempt)
      await attempt(file.sync())
      options.signal.throwIfAborted()
      const settled = options.settle?.() ?? { key, replace: options.replace }
      requireKey(settled.key)
      const target = join(root, settled.key)
      await attempt(makeFolders(root, dirname(settled.key), shared, owner))
      await attempt(publish(temporary, target, settled.key, settled.replace))
      // Without it a power cut may lose the name although the bytes are there.
      await attempt(syncFolder(dirname(target)))
      return { sizeBytes }
    } finally {
      await file.close()
    }
  } finally {
    // After a rename it is no longer there.
    await unlink(systemPath(temporary)).catch(() => undefined)
  }
}

async function writeBody(file: FileHandle, body: AsyncIterable<BodyChunk>, signal: AbortSignal, attempt: <T>(step: Promise<T>) => Promise<T>): Promise<number> {
  let sizeBytes = 0
  let unsynced = 0
  let syncing: Promise<unknown> = Promise.resolve()
  try {
    for await (const chunk of body) {
      signal.throwIfAborted()
      if (!(chunk instanceof Uint8Array)) {
        if (chunk.at < 0 || chunk.at + chunk.bytes.length > sizeBytes) throw new AppError('internal', 'A patch lies outside the bytes before it')
        await attempt(writeAll(file, chunk.bytes, chunk.at))
        continue
      }
      await attempt(writeAll(file, chunk, sizeBytes))
      sizeBytes += chunk.length
      unsynced += chunk.length
      if (unsynced < syncEveryBytes) continue
      unsynced = 0
      // A failed write-back is told once, here and not by a later fsync.
      await attempt(syncing)
      syncing = file.datasync()
      syncing.catch(() => undefined)
    }
  } finally {
    await syncing.catch(() => undefined)
  }
  await attempt(syncing)
  return sizeBytes
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  let written = 0
  while (written < bytes.length) written += (await file.write(bytes, written, bytes.length - written, at + written)).bytesWritten
}

async function publish(temporary: string, target: string, key: string, replace: boolean): Promise<void> {
  if (replace) return rename(systemPath(temporary), systemPath(target))
  try {
    // link never replaces, even if somebody makes the same key at this moment; rename would.
    await link(systemPath(temporary), systemPath(target))
  } catch (error) {
    const code = systemCode(error)
    if (code === 'EEXIST') throw exists(key, error)
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error
    await publishWithoutLinks(temporary, target, key)
  }
}

/** For file systems without hardlinks (FAT, some network folders): an empty file claims the name, then it is replaced. */
async function publishWithoutLinks(temporary: string, target: string, key: string): Promise<void> {
  const claim = await open(systemPath(target), 'wx', 0o660).catch((error: unknown) => {
    throw systemCode(error) === 'EEXIST' ? exists(key, error) : error
  })
  await claim.close()
  await rename(systemPath(temporary), systemPath(target))
}

async function refuseExisting(target: string, key: string): Promise<void> {
  const there = await stat(systemPath(target)).catch(() => undefined)
  if (there !== undefined) throw exists(key)
}

function exists(key: string, cause?: unknown): AppError {
  return new AppError('storage.exists', `${key} is already there`, { hint: 'Choose another name.', cause })
}

/** True for a folder that a group works in together: set-group-ID and writable by the group. */
async function isShared(folder: string): Promise<boolean> {
  return ((await stat(systemPath(folder))).mode & 0o2020) === 0o2020
}

async function makeFolders(root: string, folder: string, shared: boolean, owner: FileOwner | undefined): Promise<void> {
  if (folder === '.') return
  let path = root
  for (const part of folder.split('/')) {
    const parent = path
    path = join(path, part)
    try {
      await mkdir(systemPath(path), { mode: 0o770 })
    } catch (error) {
      if (systemCode(error) === 'EEXIST') continue
      throw error
    }
    if (shared || owner !== undefined) {
      await using handle = await open(systemPath(path), 'r')
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid)
      if (shared) await handle.chmod(0o2770)
    }
    await syncFolder(parent)
  }
}

async function syncFolder(path: string): Promise<void> {
  await using handle = await open(systemPath(path), 'r')
  // Some network file systems know no fsync of folders (EINVAL); there is nothing more that could be done.
  await handle.sync().catch((error: unknown) => {
    if (systemCode(error) !== 'EINVAL') throw error
  })
}
