import { read } from 'node:fs'
import { promisify } from 'node:util'
import { AppError } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import { openContentFile } from './content-file.ts'

const chunkBytes = 262_144
const readAsync = promisify(read)

/**
 * The content of an entry that lies on disk, in chunks of 256 KiB, each a buffer of its own; never more than the entry's size,
 * so that a file that grows faster than it is read comes to an end. Returns `changed` where the file is not what the
 * walker saw any more: what was read may then be cut or a mixture.
 * @throws AppError `source.unreadable` (as `openContentFile`, or a read error), `interrupted`.
 */
export async function* readContent(entry: Entry, signal: AbortSignal): AsyncGenerator<Uint8Array, 'same' | 'changed', undefined> {
  if (entry.onDisk === undefined) throw new TypeError(`${entry.path} does not lie on disk`)
  using file = openContentFile(entry.onDisk, entry)
  const sizeBytes = entry.size ?? file.size
  for (let at = 0; at < sizeBytes;) {
    if (signal.aborted) throw new AppError('interrupted', 'Reading was interrupted', { cause: signal.reason })
    const bytes = Buffer.allocUnsafeSlow(Math.min(chunkBytes, sizeBytes - at))
    const count = await readChunk(file.fd, bytes, at, entry.onDisk)
    if (count === 0) break
    at += count
    yield bytes.subarray(0, count)
  }
  return file.changedSince(entry.mtimeNs, entry.ctimeNs, entry.size) ? 'changed' : 'same'
}

async function readChunk(fd: number, bytes: Uint8Array, at: number, path: string): Promise<number> {
  try {
    return (await readAsync(fd, bytes, 0, bytes.length, at)).bytesRead
  } catch (cause) {
    throw new AppError('source.unreadable', `${path} could not be read`, { hint: 'Check the disk; the system log tells of bad sectors.', cause })
  }
}
