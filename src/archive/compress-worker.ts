import { parentPort } from 'node:worker_threads'
import type { ToWorker } from './compress-job.ts'
import { runJob } from './compress-run.ts'

const port = parentPort
if (port === null) throw new Error('compress-worker runs only as a worker')

port.on('message', (message: ToWorker) => {
  const transfer: ArrayBuffer[] = []
  port.postMessage(runJob(message, transfer), transfer)
})
