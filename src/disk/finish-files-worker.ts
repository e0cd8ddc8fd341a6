import { workerData } from 'node:worker_threads'
import { batchState, FileBatch } from './file-batch.ts'
import { finishFiles } from './finish-files.ts'
import { openLibc } from './libc.ts'

const libc = openLibc()
if (libc === undefined) throw new Error('the C library cannot be reached from a worker')

// It waits without an event loop, which would take longer than finishing a small file; whoever started it ends it.
const batches = (workerData as readonly SharedArrayBuffer[]).map((memory) => new FileBatch(memory))
for (let turn = 0; ; turn = (turn + 1) % batches.length) {
  const batch = batches[turn]
  if (batch === undefined) throw new Error('there are no batches')
  while (Atomics.compareExchange(batch.state, 0, batchState.given, batchState.taken) !== batchState.given) Atomics.wait(batch.state, 0, batchState.idle)
  finishFiles(batch, libc)
  Atomics.store(batch.state, 0, batchState.idle)
  Atomics.notify(batch.state, 0)
}
