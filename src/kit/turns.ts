/** Lets so many do something at once; the others wait for their turn, in order. */
export class Turns {
  readonly #most: number
  #taken = 0
  readonly #waiting: (() => void)[] = []

  constructor(most: number) {
    this.#most = most
  }

  /** Disposing gives the turn back. */
  async take(): Promise<Disposable> {
    if (this.#taken >= this.#most) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken += 1
    return { [Symbol.dispose]: () => this.#giveBack() }
  }

  /** To the next one where somebody waits, so that nobody comes between. */
  #giveBack(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#taken -= 1
    else next()
  }
}
