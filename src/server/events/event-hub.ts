import { randomBytes } from 'node:crypto'

/** Something that happened, as those who listen are told it. `app`: the application that it is about. */
export type HubEvent = { readonly id: string; readonly name: 'overview' | 'run' | 'ticket' | 'reset'; readonly data: string; readonly app?: string }

/** So many are kept for those who come back. */
const kept = 2000
/** Whoever is further behind than this is told to look at everything anew. */
const mostWaiting = 500

type Listener = { readonly waiting: HubEvent[]; wake: () => void; isBehind: boolean }

/**
 * Tells everybody who listens what happens. Ids count up from a start that differs at each start of the server, so that
 * whoever comes back with an id of an earlier one is told to look at everything anew (`reset`).
 */
export class EventHub {
  readonly #start = randomBytes(4).toString('hex')
  readonly #recent: HubEvent[] = []
  readonly #listeners = new Set<Listener>()
  #count = 0

  get listeners(): number {
    return this.#listeners.size
  }

  publish(name: HubEvent['name'], data: unknown, app?: string): void {
    this.#count += 1
    const event: HubEvent = { id: `${this.#start}-${this.#count}`, name, data: JSON.stringify(data), ...(app === undefined ? {} : { app }) }
    this.#recent.push(event)
    if (this.#recent.length > kept * 2) this.#recent.splice(0, kept)
    for (const listener of this.#listeners) {
      // Nobody waits for a listener that does not read: it would grow for ever.
      if (listener.waiting.length >= mostWaiting) {
        listener.waiting.length = 0
        listener.isBehind = true
      } else if (!listener.isBehind) {
        listener.waiting.push(event)
      }
      listener.wake()
    }
  }

  /** What happened after `lastId`, and then all that happens, until `signal` is aborted. */
  async *listen(lastId: string | undefined, signal: AbortSignal): AsyncGenerator<HubEvent, void, undefined> {
    const listener: Listener = { waiting: [], wake: () => undefined, isBehind: false }
    this.#listeners.add(listener)
    const onAbort = (): void => listener.wake()
    signal.addEventListener('abort', onAbort)
    try {
      yield* this.#missed(lastId)
      while (!signal.aborted) {
        if (listener.isBehind) {
          listener.isBehind = false
          yield this.#reset()
        }
        const next = listener.waiting.shift()
        if (next !== undefined) {
          yield next
          continue
        }
        await new Promise<void>((resolve) => {
          listener.wake = resolve
          if (listener.waiting.length > 0 || listener.isBehind || signal.aborted) resolve()
        })
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      this.#listeners.delete(listener)
    }
  }

  #missed(lastId: string | undefined): readonly HubEvent[] {
    if (lastId === undefined) return []
    const [start, number] = lastId.split('-')
    if (start === this.#start && Number(number) === this.#count) return []
    const at = this.#recent.findIndex(({ id }) => id === lastId)
    return at === -1 ? [this.#reset()] : this.#recent.slice(at + 1)
  }

  #reset(): HubEvent {
    return { id: `${this.#start}-${this.#count}`, name: 'reset', data: '{}' }
  }
}
