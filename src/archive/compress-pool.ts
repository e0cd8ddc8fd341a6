import { availableParallelism } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { AppError } from '../kit/app-error.ts'
import { startWorker } from '../kit/start-worker.ts'
import { damaged } from './damaged.ts'
import { chunkBytes } from './compress-job.ts'
import { plainBytesOf, runJob } from './compress-run.ts'
import type { CompressJob, CompressResult, ExpandJob, FromWorker, Lent, ToWorker } from './compress-job.ts'

type Work = { compress: CompressJob } | { expand: ExpandJob }
type Waiting = { work: Work; transfer: ArrayBuffer[]; resolve(message: FromWorker): void; reject(error: Error): void }
type Slot = { worker: Worker; pending: Map<number, Waiting> }

// A small archive is done before a thread has started.
const bytesWithoutThreads = 1024 * 1024
// Deriving the keys of an encrypted member takes as long as compressing so much.
const bytesLikeKeys = 64 * 1024
// Beyond a chunk: the output of one that does not compress and of files that made it fuller than full; what is not used costs no memory.
const lentMoreBytes = 1.25 * 1024 * 1024
// Two in hand: the next job is there when one is done, without waiting for the main thread.
const jobsInHand = 2
// More would cost memory (each an isolate and its buffers) and gain nothing that disks could follow.
const mostWorkers = 8

/**
 * As many threads as cores that compress and expand. Jobs start in the order in which they are given; the caller keeps
 * no more than `inFlight` of them open, so that memory stays bounded. Threads start with the first jobs. Disposing ends
 * all threads at once and rejects what is open.
 */
export class CompressPool implements AsyncDisposable {
  readonly inFlight: number
  /** Plain bytes for one job, about. */
  readonly chunkBytes: number
  readonly #most = Math.min(availableParallelism(), mostWorkers)
  readonly #slots: Slot[] = []
  readonly #queue: Waiting[] = []
  readonly #buffers: ArrayBuffer[] = []
  readonly #lendable: Lent[] = []
  #nextId = 1
  #doneHereBytes = 0
  #broken: Error | undefined

  constructor(jobBytes: number = chunkBytes) {
    this.chunkBytes = jobBytes
    this.inFlight = this.#most * jobsInHand + 1
  }

  /** Takes the buffers of the job's bytes pieces away from the caller. @throws AppError `internal`, `interrupted` (disposed). */
  async compress(job: CompressJob): Promise<CompressResult> {
    const transfer = new Set<ArrayBuffer>()
    for (const piece of job.pieces) if ('bytes' in piece && piece.copied !== true && piece.bytes.buffer instanceof ArrayBuffer) transfer.add(piece.bytes.buffer)
    const message = await this.#give({ compress: job }, [...transfer])
    if ('failure' in message) throw new AppError('internal', `Compressing failed: ${message.failure}`)
    if (!('compressed' in message)) throw new AppError('internal', 'A compress worker gave the wrong answer')
    for (const buffer of message.used) this.returnBuffer(buffer)
    return message.compressed
  }

  /** The job's memory must stay as it is until then. @throws AppError `archive.damaged`. */
  async expand(job: ExpandJob): Promise<void> {
    const message = await this.#give({ expand: job }, [])
    if ('failure' in message) throw damaged(message.failure)
    if (!('expanded' in message)) throw new AppError('internal', 'A compress worker gave the wrong answer')
  }

  /** More than the pool's `chunkBytes`, to be used for one job, and given back once its output is not needed any more; what it holds is undefined. */
  lend(): Lent {
    return this.#lendable.pop() ?? new Uint8Array(new SharedArrayBuffer(this.chunkBytes + lentMoreBytes))
  }

  takeBack(lent: Lent): void {
    this.#lendable.push(lent)
  }

  /** A buffer of 1 MiB to fill and give back within a job; what it holds is undefined. */
  takeBuffer(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffers.pop() ?? new ArrayBuffer(chunkBytes))
  }

  /** For one that was taken and is not needed in a job. */
  returnBuffer(buffer: ArrayBuffer): void {
    if (buffer.byteLength === chunkBytes && this.#buffers.length < this.inFlight) this.#buffers.push(buffer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new AppError('interrupted', 'Compressing was interrupted'))
    await Promise.all(this.#slots.map((slot) => slot.worker.terminate()))
  }

  #give(work: Work, transfer: ArrayBuffer[]): Promise<FromWorker> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken)
    if (this.#slots.length === 0) {
      this.#doneHereBytes += 'expand' in work ? work.expand.sizeBytes : plainBytesOf(work.compress) + keysOf(work.compress) * bytesLikeKeys
      if (this.#doneHereBytes <= bytesWithoutThreads) return Promise.resolve(runJob({ id: 0, ...work }, []))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ work, transfer, resolve, reject })
      this.#spread()
    })
  }

  #spread(): void {
    while (this.#queue.length > 0) {
      const slot = this.#freest()
      if (slot === undefined) return
      const waiting = this.#queue.shift()
      if (waiting === undefined) return
      const id = this.#nextId
      this.#nextId += 1
      slot.pending.set(id, waiting)
      slot.worker.ref()
      const message: ToWorker = { id, ...waiting.work }
      slot.worker.postMessage(message, waiting.transfer)
    }
  }

  #freest(): Slot | undefined {
    const idle = this.#slots.find((slot) => slot.pending.size === 0)
    if (idle !== undefined) return idle
    if (this.#slots.length < this.#most) return this.#start()
    return this.#slots.filter((slot) => slot.pending.size < jobsInHand).sort((a, b) => a.pending.size - b.pending.size)[0]
  }

  #start(): Slot {
    const worker = startWorker('compress-worker', import.meta.url, { resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 } })
    const slot: Slot = { worker, pending: new Map() }
    worker.on('message', (message: FromWorker) => {
      const waiting = slot.pending.get(message.id)
      // An answer that comes after the pool was disposed of: the process must live until its threads have ended.
      if (waiting === undefined) return
      slot.pending.delete(message.id)
      // An idle pool keeps no process alive.
      if (slot.pending.size === 0) worker.unref()
      waiting.resolve(message)
      this.#spread()
    })
    worker.on('error', (cause) => this.#fail(new AppError('internal', 'A compress worker ended by an error', { cause })))
    worker.on('exit', (status) => this.#fail(new AppError('internal', `A compress worker ended with status ${status}`)))
    this.#slots.push(slot)
    return slot
  }

  #fail(error: Error): void {
    this.#broken ??= error
    const open = [...this.#slots.flatMap((slot) => [...slot.pending.values()]), ...this.#queue.splice(0)]
    for (const slot of this.#slots) slot.pending.clear()
    for (const waiting of open) waiting.reject(this.#broken)
  }
}

function keysOf(job: CompressJob): number {
  return job.zipPassword === undefined ? 0 : job.pieces.length
}
