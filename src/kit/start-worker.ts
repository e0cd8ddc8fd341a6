import { getAsset, isSea } from 'node:sea'
import { Worker } from 'node:worker_threads'
import type { WorkerOptions } from 'node:worker_threads'
import { workerUrl } from './worker-url.ts'

/**
 * Starts the worker module `name` (without extension) that lies beside the caller, whose `import.meta.url` is given.
 * Works from source, from dist/ and inside the single-file executable, where it is an embedded asset: there a worker's
 * name is unique in the whole tree and ends in `-worker`.
 */
export function startWorker(name: string, importMetaUrl: string, options: WorkerOptions = {}): Worker {
  // A data: address, since code given with `eval` would be CommonJS, without top-level await.
  const address = isSea() ? new URL(`data:text/javascript;base64,${Buffer.from(getAsset(name)).toString('base64')}`) : workerUrl(name, importMetaUrl)
  return new Worker(address, options)
}
