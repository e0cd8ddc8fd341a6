import { closeSync, fchmodSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { RunEvent, RunEventBody } from '../model/run-event.ts'
import { describeEvent } from './describe-event.ts'
import { stateFailure } from './state-failure.ts'

const progressIntervalMs = 250
/** The journal need only tell how far a killed run had come. */
const progressKeptMs = 5000

/**
 * One run's events, numbered and timed: appended to `<folder>/<name>.ndjson` and, in words, to `<name>.log`, and told
 * to the listener. Start, phases and finish are durable when `emit` returns; progress is coalesced to 4 a second.
 */
export class Journal implements Disposable {
  readonly path: string
  readonly #now: () => Date
  readonly #listener: (event: RunEvent) => void
  readonly #events: number
  readonly #log: number
  #seq = 0
  #progressAt = 0
  #progressKeptAt = 0
  #failure: unknown

  constructor(folder: string, name: string, now: () => Date, listener: (event: RunEvent) => void) {
    this.path = join(folder, `${name}.ndjson`)
    this.#now = now
    this.#listener = listener
    try {
      this.#events = openForGroup(this.path)
      this.#log = openForGroup(join(folder, `${name}.log`))
      syncFolderOf(folder)
    } catch (cause) {
      throw stateFailure(this.path, cause)
    }
  }

  /** Takes one event; never throws. Whether all could be written is told by `close`. */
  emit(body: RunEventBody): void {
    const now = this.#now()
    if (body.type === 'run.progress') {
      const elapsedMs = now.getTime()
      if (elapsedMs - this.#progressAt < progressIntervalMs) return
      this.#progressAt = elapsedMs
      this.#tell(body, now, elapsedMs - this.#progressKeptAt >= progressKeptMs)
      return
    }
    this.#tell(body, now, true)
  }

  #tell(body: RunEventBody, now: Date, kept: boolean): void {
    this.#seq += 1
    const event = { seq: this.#seq, at: now.toISOString(), ...body } as RunEvent
    if (kept) this.#write(event, now)
    this.#listener(event)
  }

  #write(event: RunEvent, now: Date): void {
    if (event.type === 'run.progress') this.#progressKeptAt = now.getTime()
    try {
      writeSync(this.#events, `${JSON.stringify(event)}\n`)
      const words = describeEvent(event)
      if (words !== undefined) writeSync(this.#log, `${event.at} ${words}\n`)
      if (event.type === 'run.started' || event.type === 'run.phase' || event.type === 'run.finished') fdatasyncSync(this.#events)
    } catch (error) {
      // A full disk of the state folder must not end a backup; it is told when the journal is closed.
      this.#failure ??= error
    }
  }

  /** What kept the journal from being complete, if anything did. */
  get failure(): unknown {
    return this.#failure
  }

  [Symbol.dispose](): void {
    closeSync(this.#events)
    closeSync(this.#log)
  }
}

function openForGroup(path: string): number {
  const fd = openSync(path, 'ax', 0o660)
  fchmodSync(fd, 0o660)
  return fd
}

function syncFolderOf(folder: string): void {
  const fd = openSync(folder, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
