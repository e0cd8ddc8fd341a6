import type { Worker } from 'node:worker_threads'
import { startWorker } from '../kit/start-worker.ts'
import type { Libc } from './libc.ts'

/**
 * Makes all that was written durable on the file systems of these open folders; throws where the system tells of an I/O
 * error. It may take minutes on a slow disk, so it waits in a thread of its own.
 */
export async function syncFileSystems(libc: Libc, folders: readonly number[]): Promise<void> {
  const answer = await answerOf(() => startWorker('sync-file-systems-worker', import.meta.url, { workerData: folders }))
  if (answer instanceof Error) throw answer
  // No thread could be started (memory, limits), or it died: then it is done here.
  if (answer !== true) for (const fd of folders) libc.syncFileSystem(fd)
}

/** What the worker says before it ends; undefined where it says nothing. */
async function answerOf(start: () => Worker): Promise<unknown> {
  return new Promise((resolve) => {
    let answer: unknown
    try {
      const worker = start()
      worker.once('message', (message: unknown) => { answer = message })
      worker.once('error', () => { answer = undefined })
      worker.once('exit', () => resolve(answer))
    } catch {
      resolve(undefined)
    }
  })
}
