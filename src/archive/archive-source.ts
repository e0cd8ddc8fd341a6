import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { AppError } from '../kit/app-error.ts'
import type { Secret } from '../kit/secret.ts'
import { systemPath } from '../disk/name-codec.ts'
import type { Format } from '../model/restore-point.ts'
import type { Storage } from '../model/storage.ts'
import type { ArchiveBytes, ArchiveFormat } from './format.ts'
import { folderSource } from './folder/folder-source.ts'
import { formats } from './formats.ts'
import type { PointSource } from './point-source.ts'

const readBytes = 1024 * 1024

/** The bytes of a stored archive. */
export function storedBytes(storage: Storage, key: string, sizeBytes: number): ArchiveBytes {
  return {
    sizeBytes,
    stream: (signal) => (storage.root === undefined ? storage.get(key, undefined, signal) : localBytes(storage, `${storage.root}/${key}`, key, signal)),
    range: (start, end, signal) => storage.get(key, { start, end }, signal),
    ...(storage.root === undefined ? {} : { localPath: `${storage.root}/${key}` }),
  }
}

/** As `get` of all, in memory that is used again: fresh memory for each piece costs garbage and page faults. */
async function* localBytes(storage: Storage, path: string, key: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  await using file = await open(systemPath(path), 'r').catch(() => undefined)
  // It knows best what is wrong then.
  if (file === undefined || !(await file.stat()).isFile()) return yield* storage.get(key, undefined, signal)
  const buffers = Array.from({ length: 3 }, () => new Uint8Array(readBytes))
  for (let at = 0, turn = 0; ; turn = (turn + 1) % buffers.length) {
    signal.throwIfAborted()
    const { bytesRead, buffer } = await file.read(buffers[turn] ?? new Uint8Array(readBytes), 0, readBytes, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Makes an archive's bytes readable as a restore point; `trailerAt` is a hint where its last members begin. */
export function archiveSource(bytes: ArchiveBytes, format: ArchiveFormat, password: Secret | undefined, trailerAt?: number): PointSource {
  const { readTail } = format
  let found: Promise<number | undefined> | undefined
  return {
    format: format.format,
    randomAccess: format.randomAccess,
    bytes,
    read: ({ signal, wanted }) => format.read(bytes, { signal, strict: true, ...(password === undefined ? {} : { password }), ...(wanted === undefined ? {} : { wanted }) }),
    ...(readTail === undefined ? {} : {
      tail: {
        async at(by, signal) {
          if (by === 'hint') return trailerAt !== undefined && trailerAt < bytes.sizeBytes ? trailerAt : undefined
          return await (found ??= format.findTail?.(bytes, signal))
        },
        read: (at, signal) => readTail(bytes, at, { signal, strict: true }),
      },
    }),
  }
}

/**
 * A restore point at a path of this machine: an archive, whose format its first bytes tell, or a plain folder.
 * @throws AppError `vault.missing`, `archive.foreign`, `storage.denied`.
 */
export async function openPathSource(path: string, password: Secret | undefined): Promise<PointSource> {
  const stats = await stat(systemPath(path)).catch((cause: unknown) => {
    throw new AppError('vault.missing', `${path} is not there`, { hint: 'Check the path of the archive.', cause })
  })
  if (stats.isDirectory()) return folderSource(path)
  if (!stats.isFile()) throw new AppError('archive.foreign', `${path} is neither an archive nor a folder`)
  const bytes: ArchiveBytes = {
    sizeBytes: stats.size,
    stream: (signal) => fileBytes(path, 0, stats.size, signal),
    range: (start, end, signal) => fileBytes(path, start, end, signal),
    localPath: path,
  }
  return archiveSource(bytes, formats[await formatOf(path, stats.size)], password)
}

/** A part of a file of this machine; `end` is exclusive. @throws AppError `archive.damaged` where it became shorter; `storage.denied`. */
export async function* fileBytes(path: string, start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  await using file = await openFile(path)
  for (let at = start; at < end; ) {
    signal.throwIfAborted()
    const { bytesRead, buffer } = await file.read(new Uint8Array(Math.min(readBytes, end - at)), 0, Math.min(readBytes, end - at), at)
    if (bytesRead === 0) throw new AppError('archive.damaged', `${path} became shorter while it was read`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

async function formatOf(path: string, sizeBytes: number): Promise<Exclude<Format, 'folder'>> {
  await using file = await openFile(path)
  const start = new Uint8Array(4)
  await file.read(start, 0, Math.min(4, sizeBytes), 0)
  const hex = Buffer.from(start).toString('hex')
  // Local header, or the end record of an empty zip.
  if (hex === '504b0304' || hex === '504b0506') return 'zip'
  // A plain tar is read by the same code.
  return hex.startsWith('1f8b') ? 'tar.gz' : 'tar.zst'
}

async function openFile(path: string): Promise<FileHandle> {
  return open(systemPath(path), 'r').catch((cause: unknown) => {
    throw new AppError('storage.denied', `${path} may not be read`, { hint: 'Run as a user that may read it.', cause })
  })
}
