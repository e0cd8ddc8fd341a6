import { parentPort, workerData } from 'node:worker_threads'
import { openLibc } from './libc.ts'

/** Answers `true`, or the error. */
function sync(folders: readonly number[]): true | Error {
  try {
    const libc = openLibc()
    if (libc === undefined) throw new Error('the C library cannot be reached from a worker')
    for (const fd of folders) libc.syncFileSystem(fd)
    return true
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

parentPort?.postMessage(sync(workerData as readonly number[]), [])
