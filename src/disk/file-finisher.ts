import type { Worker } from 'node:worker_threads'
import { startWorker } from '../kit/start-worker.ts'
import { batchBytes, batchState, FileBatch } from './file-batch.ts'
import type { FileTrouble, UnfinishedFile } from './file-batch.ts'
import { finishFiles } from './finish-files.ts'
import type { Libc } from './libc.ts'

const batchCount = 5

type Turn<About> = { readonly batch: FileBatch; readonly memory: SharedArrayBuffer; files: { readonly about: About; readonly fd: number }[]; isGiven: boolean }

/**
 * Finishes files that were created and are open, many at a time, in a thread of its own: hash, content, owner, mode, times.
 * It holds a few batches of 1 MiB and of 32 open files each. The thread starts with the first full batch, so that a few files
 * need none.
 */
export class FileFinisher<About> implements AsyncDisposable {
  readonly #libc: Libc
  readonly #onTrouble: (about: About, fd: number, trouble: FileTrouble) => void
  readonly #ring: Turn<About>[] = []
  #next = 0
  #worker: Worker | undefined
  /** Settles when the thread has ended. */
  #end: Promise<void> | undefined
  #hasEnded = false

  /** `onTrouble` may throw; what looked at the results throws that then. It has to close what `damaged` and `failed` leave open. */
  constructor(libc: Libc, onTrouble: (about: About, fd: number, trouble: FileTrouble) => void) {
    this.#libc = libc
    this.#onTrouble = onTrouble
  }

  /** Whether `add` may be called now; else the caller does the work itself, so that both threads are busy. @throws what `onTrouble` does. */
  hasRoom(): boolean {
    const turn = this.#turn(this.#next)
    if (turn.isGiven && Atomics.load(turn.batch.state, 0) !== batchState.idle) {
      if (!this.#hasEnded) return false
      this.#finishHere(turn)
    }
    this.#collect(turn)
    return true
  }

  /** Takes over the file with its open descriptor and copies its content, of at most `largestContent` bytes. */
  add(about: About, file: UnfinishedFile, content: Uint8Array): void {
    const turn = this.#turn(this.#next)
    turn.batch.add(file, content)
    turn.files.push({ about, fd: file.fd })
    if (turn.batch.isFull) this.#give(turn)
  }

  /** Waits until all files are finished. @throws what `onTrouble` does. */
  async finish(): Promise<void> {
    const open = this.#ring[this.#next]
    if (open !== undefined && !open.isGiven && open.files.length > 0) {
      // Not worth a thread.
      if (this.#worker === undefined) this.#finishHere(open)
      else this.#give(open)
    }
    for (const turn of this.#ring) {
      while (turn.isGiven && Atomics.load(turn.batch.state, 0) !== batchState.idle) {
        if (this.#hasEnded) this.#finishHere(turn)
        else await this.#change(turn.batch)
      }
      this.#collect(turn)
    }
  }

  /** Finishes what it was given and ends the thread; troubles are passed over. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Each turn may throw once.
    for (let attempt = 0; attempt <= batchCount; attempt++) {
      try {
        await this.finish()
        break
      } catch {
        // The failure that led here is the one to tell.
      }
    }
    await this.#worker?.terminate()
  }

  #turn(index: number): Turn<About> {
    const known = this.#ring[index]
    if (known !== undefined) return known
    const memory = new SharedArrayBuffer(batchBytes)
    const made: Turn<About> = { batch: new FileBatch(memory), memory, files: [], isGiven: false }
    this.#ring[index] = made
    return made
  }

  #give(turn: Turn<About>): void {
    turn.isGiven = true
    Atomics.store(turn.batch.state, 0, batchState.given)
    if (this.#worker === undefined) this.#start()
    else Atomics.notify(turn.batch.state, 0)
    this.#next = (this.#next + 1) % batchCount
  }

  #start(): void {
    const memories = Array.from({ length: batchCount }, (_, index) => this.#turn(index).memory)
    this.#end = new Promise((resolve) => {
      const ended = (): void => {
        this.#hasEnded = true
        resolve()
      }
      try {
        // Descriptors are opened in one thread and closed in the other.
        this.#worker = startWorker('finish-files-worker', import.meta.url, { workerData: memories, trackUnmanagedFds: false, resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 } })
        // What it was given is done here then.
        this.#worker.on('error', () => undefined)
        this.#worker.on('exit', ended)
      } catch {
        // No thread could be started (memory, limits).
        ended()
      }
    })
  }

  async #change({ state }: FileBatch): Promise<void> {
    const now = Atomics.load(state, 0)
    if (now === batchState.idle) return
    const change = Atomics.waitAsync(state, 0, now)
    if (change.async) await Promise.race([change.value, this.#end])
  }

  #finishHere(turn: Turn<About>): void {
    const { batch, files } = turn
    turn.isGiven = true
    if (Atomics.load(batch.state, 0) === batchState.taken) {
      // What of it was done cannot be known.
      batch.putTroubles([{ file: 0, kind: 'failed', code: undefined, message: `the thread that finished ${files.length} files died`, closed: true }])
    } else {
      finishFiles(batch, this.#libc)
    }
    Atomics.store(batch.state, 0, batchState.idle)
  }

  /** Looks at what became of files that were given; the batch may then be filled again. */
  #collect(turn: Turn<About>): void {
    if (!turn.isGiven) return
    const { files } = turn
    const troubles = turn.batch.troubles()
    turn.batch.empty()
    turn.files = []
    turn.isGiven = false
    let first: { readonly error: unknown } | undefined
    for (const trouble of troubles) {
      const file = files[trouble.file]
      try {
        if (file !== undefined) this.#onTrouble(file.about, file.fd, trouble)
      } catch (error) {
        first ??= { error }
      }
    }
    if (first !== undefined) throw first.error
  }
}
