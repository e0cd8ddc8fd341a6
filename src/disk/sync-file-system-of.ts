import { closeSync, constants, openSync } from 'node:fs'
import { childText } from '../kit/child.ts'
import { openLibc } from './libc.ts'
import { systemPath } from './name-codec.ts'
import { syncFileSystems } from './sync-file-systems.ts'
import { writeFailure } from './write-failure.ts'

/**
 * Makes all that was written, renamed and removed on the file system of this folder durable.
 * @throws AppError `storage.full`, `storage.denied`, `restore.failed`.
 */
export async function syncFileSystemOf(folder: string): Promise<void> {
  const libc = openLibc()
  // Not cancelled: whoever asks must know.
  if (libc === undefined) {
    await childText('sync', ['-f', folder], { signal: new AbortController().signal })
    return
  }
  try {
    const fd = openSync(systemPath(folder), constants.O_RDONLY | constants.O_DIRECTORY)
    try {
      await syncFileSystems(libc, [fd])
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw writeFailure(error, folder)
  }
}
