import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../kit/app-error.ts'
import { backoffMs } from '../../kit/retry.ts'
import type { Notice } from '../../model/notice.ts'
import type { Notifier } from '../../model/notifier.ts'
import type { NotifierState } from './reporting-state.ts'

export type DeliveryContext = {
  readonly now: () => Date
  /** Called after each change of what is remembered. */
  readonly onChange: () => void
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

const sendMs = 30_000
const backoff = { firstMs: 30_000, maxMs: 3_600_000 }
// Whoever could not be told for so long is told by the next reminder, and reads how old this is not.
const keptMs = 24 * 3600 * 1000
const mostPending = 100

/** Delivers one notifier's notices in order, in the background; tries again ever more seldom, and gives a notice up after a day. */
export class Delivery implements AsyncDisposable {
  readonly #notifier: Notifier
  readonly #context: DeliveryContext
  readonly #stop = new AbortController()
  #state: NotifierState
  #draining: Promise<void> | undefined
  #failures = 0
  #wake = new AbortController()

  constructor(notifier: Notifier, state: NotifierState, context: DeliveryContext) {
    this.#notifier = notifier
    this.#state = state
    this.#context = context
  }

  get state(): NotifierState {
    return this.#state
  }

  /** Keeps what was decided; `start` delivers it. */
  decide(memory: NotifierState['memory'], notices: readonly Notice[]): void {
    this.#state = { ...this.#state, memory, pending: [...this.#state.pending, ...notices].slice(-mostPending) }
  }

  /** Delivers what is pending; what waits for another attempt is tried now where `now` is set. */
  start(now: boolean): void {
    if (this.#stop.signal.aborted) return
    if (now) this.#wake.abort()
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = undefined
      // What was decided between its last look and now.
      if (this.#state.pending.length > 0) this.start(false)
    })
  }

  /** Sends one at once, past those that wait. @throws AppError as the notifier. */
  async send(notice: Notice): Promise<void> {
    try {
      await withinLimit(AbortSignal.any([this.#stop.signal, AbortSignal.timeout(sendMs)]), (signal) => this.#notifier.send(notice, signal))
      this.#note('ok', 'The last notice was accepted.')
    } catch (error) {
      const failure = error instanceof AppError ? error : new AppError('report.failed', 'The notice was not accepted in time, or for a reason that is not known', { retry: true })
      if (!this.#stop.signal.aborted) this.#note('failed', failure.hint === undefined ? failure.message : `${failure.message}. ${failure.hint}`)
      throw failure
    }
  }

  /** What is pending stays in the state. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#draining
  }

  async #drain(): Promise<void> {
    for (;;) {
      this.#giveUpOld()
      const [first] = this.#state.pending
      if (first === undefined || this.#stop.signal.aborted) return
      try {
        await this.send(first)
        this.#failures = 0
        this.#remove(first)
      } catch {
        // `send` has noted it.
        if (this.#stop.signal.aborted) return
        this.#failures++
        await this.#pause(backoffMs(this.#failures, backoff))
      }
    }
  }

  async #pause(ms: number): Promise<void> {
    this.#wake = new AbortController()
    const { wait = (time, signal) => sleep(time, undefined, { signal, ref: false }) } = this.#context
    await wait(ms, AbortSignal.any([this.#stop.signal, this.#wake.signal])).catch(() => undefined)
  }

  #giveUpOld(): void {
    const oldest = this.#context.now().getTime() - keptMs
    const pending = this.#state.pending.filter(({ at }) => Date.parse(at) >= oldest)
    if (pending.length === this.#state.pending.length) return
    this.#state = { ...this.#state, pending }
    this.#context.onChange()
  }

  #remove(notice: Notice): void {
    this.#state = { ...this.#state, pending: this.#state.pending.filter((each) => each !== notice) }
    this.#context.onChange()
  }

  #note(state: 'ok' | 'failed', text: string): void {
    this.#state = { ...this.#state, outcome: { state, text, at: this.#context.now().toISOString() } }
    this.#context.onChange()
  }
}

/** Ends at the signal whatever the work does. */
async function withinLimit(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  signal.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    work(signal).then(resolve, reject)
  })
}
