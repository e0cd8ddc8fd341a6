export type AttemptRules = {
  /** How many attempts need no wait. */
  readonly free: number
  /** The wait after the next one; it doubles with each further one. */
  readonly firstWaitMs: number
  readonly longestWaitMs: number
  /** After this long without an attempt all are forgotten. */
  readonly forgetMs: number
  /** The most names that are remembered; the ones without an attempt for longest go first. */
  readonly size: number
}

type Count = { count: number; lastMs: number; openMs: number }

/** Counts attempts a name (of an account, an address, …) and tells how long the next one must wait. Bounded memory. */
export class Attempts {
  readonly #rules: AttemptRules
  readonly #now: () => number
  // In the order of the last attempt: a Map keeps the order of insertion.
  readonly #counts = new Map<string, Count>()

  constructor(rules: AttemptRules, now: () => number) {
    this.#rules = rules
    this.#now = now
  }

  /** How long, in milliseconds, until an attempt is heard; 0: now. */
  waitMs(name: string): number {
    const known = this.#find(name)
    return known === undefined ? 0 : Math.max(0, known.openMs - this.#now())
  }

  /** Counts an attempt before its outcome is known, so that many at once do not all slip through. */
  take(name: string): void {
    const now = this.#now()
    const count = (this.#find(name)?.count ?? 0) + 1
    const over = count - this.#rules.free
    const wait = over < 0 ? 0 : Math.min(this.#rules.longestWaitMs, this.#rules.firstWaitMs * 2 ** Math.min(over, 30))
    this.#counts.delete(name)
    this.#counts.set(name, { count, lastMs: now, openMs: now + wait })
    if (this.#counts.size > this.#rules.size) this.#dropOldest()
  }

  /** The attempt was a good one: it does not count, and the next need not wait for it. */
  giveBack(name: string): void {
    const known = this.#find(name)
    if (known === undefined) return
    known.count -= 1
    known.openMs = this.#now()
    if (known.count <= 0) this.#counts.delete(name)
  }

  forget(name: string): void {
    this.#counts.delete(name)
  }

  get size(): number {
    return this.#counts.size
  }

  #find(name: string): Count | undefined {
    const known = this.#counts.get(name)
    if (known === undefined || this.#now() - known.lastMs < this.#rules.forgetMs) return known
    this.#counts.delete(name)
    return undefined
  }

  #dropOldest(): void {
    for (const name of this.#counts.keys()) {
      this.#counts.delete(name)
      return
    }
  }
}
