import { addressBlock } from './address-block.ts'
import { Attempts } from './attempts.ts'
import type { AttemptRules } from './attempts.ts'
import { RateLimited } from './rate-limited.ts'

const minute = 60_000

const perAccount: AttemptRules = { free: 5, firstWaitMs: 2000, longestWaitMs: 5 * minute, forgetMs: 60 * minute, size: 2000 }
const perAddress: AttemptRules = { free: 15, firstWaitMs: 2000, longestWaitMs: 15 * minute, forgetMs: 60 * minute, size: 5000 }
const mostKnown = 2000

/** One attempt that was let through. Say how it ended; without a word it counts as failed. */
export type Attempt = {
  /** The right password, all asked for was given. */
  succeeded(): void
  /** Neither: something is still to be given. */
  undecided(): void
}

/**
 * How often a password may be tried: a count for the account and one for the address, with waits that grow. Where an
 * account has signed in from an address before, the account's count there is one of its own: others who guess at the name
 * from elsewhere cannot lock its owner out.
 */
export class SignInLimits {
  readonly #accounts: Attempts
  readonly #addresses: Attempts
  readonly #own: Attempts
  readonly #known = new Set<string>()

  constructor(now: () => number) {
    this.#accounts = new Attempts(perAccount, now)
    this.#addresses = new Attempts(perAddress, now)
    this.#own = new Attempts(perAccount, now)
  }

  /** For a sign-in. @throws RateLimited */
  signIn(name: string, address: string): Attempt {
    const account = name.toLowerCase()
    const block = addressBlock(address)
    const pair = `${block} ${account}`
    const known = this.#known.has(pair)
    const attempt = known ? this.#take(block, this.#own, pair) : this.#take(block, this.#accounts, account)
    return { ...attempt, succeeded: () => { attempt.succeeded(); this.#remember(pair) } }
  }

  /** For a password that a session gives again, which nobody else can get in the way of. @throws RateLimited */
  session(id: string, address: string): Attempt {
    return this.#take(addressBlock(address), this.#own, id)
  }

  /** For the console's token. @throws RateLimited */
  setup(address: string): Attempt {
    return this.#take(addressBlock(address), this.#own, ' setup')
  }

  #take(block: string, counts: Attempts, name: string): Attempt {
    const wait = Math.max(this.#addresses.waitMs(block), counts.waitMs(name))
    if (wait > 0) throw new RateLimited(wait)
    this.#addresses.take(block)
    counts.take(name)
    return {
      succeeded: () => { this.#addresses.giveBack(block); counts.forget(name) },
      undecided: () => { this.#addresses.giveBack(block); counts.giveBack(name) },
    }
  }

  #remember(pair: string): void {
    this.#known.delete(pair)
    this.#known.add(pair)
    const [oldest] = this.#known
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest)
  }
}
