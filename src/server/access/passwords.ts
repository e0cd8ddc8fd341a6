import { hashPassword, hasOtherCost, passwordMatches } from './password-hash.ts'
import type { PasswordCost } from './password-hash.ts'
import { RateLimited } from './rate-limited.ts'
import { newSecretText } from './secret-text.ts'

const mostWaiting = 8

/**
 * Hashes and checks passwords, one at a time: many that sign in at once cost the memory of one, and not a processor each. Only
 * a few may wait, so that a flood of attempts is refused at once instead of growing a queue.
 */
export class Passwords {
  readonly #cost: PasswordCost
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #nobody: Promise<string> | undefined

  constructor(cost: PasswordCost) {
    this.#cost = cost
  }

  /** @throws RateLimited where too many wait. */
  async hash(password: string): Promise<string> {
    return await this.#inTurn(async () => await hashPassword(password, this.#cost))
  }

  /**
   * Whether the password is the one of this hash; without a hash (no such account) no password is, after the same time.
   * `renewed`: a new hash to store, where the old one was made with another cost.
   * @throws RateLimited where too many wait.
   */
  async check(password: string, stored: string | undefined): Promise<{ readonly matches: boolean; readonly renewed?: string }> {
    return await this.#inTurn(async () => {
      this.#nobody ??= hashPassword(newSecretText(), this.#cost)
      const matches = await passwordMatches(password, stored ?? await this.#nobody)
      if (stored === undefined || !matches) return { matches: false }
      return hasOtherCost(stored, this.#cost) ? { matches, renewed: await hashPassword(password, this.#cost) } : { matches }
    })
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= mostWaiting) throw new RateLimited(1000)
    this.#waiting += 1
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      this.#waiting -= 1
    }
  }
}
