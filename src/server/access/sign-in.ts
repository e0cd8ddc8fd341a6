import { AppError } from '../../kit/app-error.ts'
import type { Principal } from '../../model/principal.ts'
import type { Accounts, KnownAccount } from './accounts.ts'
import type { Authenticators } from './authenticators.ts'
import type { Passwords } from './passwords.ts'
import { newSecretText, sameSecret } from './secret-text.ts'
import type { Reserve } from './reserve.ts'
import type { DeviceFacts, Sessions } from './sessions.ts'
import type { Attempt } from './sign-in-limits.ts'
import { SignInLimits } from './sign-in-limits.ts'

type Person = Extract<Principal, { kind: 'account' }>
type Parts = { readonly accounts: Accounts; readonly sessions: Sessions; readonly passwords: Passwords; readonly authenticators: Authenticators; readonly reserve: Reserve; readonly now: () => number }

/** All ways in that ask for a password: each counts its attempts, and takes as long for names that do not exist. */
export class SignIn {
  /** Makes the first account, once; new with each start. Shown on the console, where only those who run the server read it. */
  readonly setupToken = newSecretText()
  readonly #parts: Parts
  readonly #limits: SignInLimits

  constructor(parts: Parts) {
    this.#parts = parts
    this.#limits = new SignInLimits(parts.now)
  }

  /**
   * Makes the first account, an admin, and its session.
   * @throws AppError `access.setup` where there is an account already, or the token is another; `access.rate`.
   */
  async setUp(given: { readonly token: string; readonly name: string; readonly password: string }, device: DeviceFacts): Promise<string> {
    const attempt = this.#limits.setup(device.address)
    const right = sameSecret(given.token, this.setupToken)
    if (!right || await this.#parts.accounts.some()) {
      throw new AppError('access.setup', right ? 'There is an account already' : 'The token is not the one that the server printed when it started', { hint: right ? 'Sign in with it.' : 'Look at the console, or at the log of the service.' })
    }
    await this.#parts.accounts.add({ name: given.name, password: given.password, role: 'admin' }, true)
    attempt.succeeded()
    const account = await this.#parts.accounts.find(given.name)
    return await this.#begin(account, account?.password, device)
  }

  /**
   * Gives the text of a new session.
   * @throws AppError `access.wrong`, `access.totp` where the password is right and a code is missing or wrong, `access.rate`.
   */
  async signIn(given: { readonly name: string; readonly password: string; readonly totp?: string | undefined }, device: DeviceFacts): Promise<string> {
    const attempt = this.#limits.signIn(given.name, device.address)
    const account = await this.#parts.accounts.find(given.name)
    const hash = await this.#prove(account, given, attempt)
    return await this.#begin(account, hash, device)
  }

  /** The password once more, by who is signed in; gives until when it need not be given again. @throws AppError as `signIn`. */
  async stepUp(person: Person, given: { readonly password: string; readonly totp?: string | undefined }, address: string): Promise<number> {
    const attempt = this.#limits.session(person.session, address)
    await this.#prove(await this.#parts.accounts.find(person.name), given, attempt)
    return await this.#parts.reserve.spend(async () => await this.#parts.sessions.elevate(person.session))
  }

  /** Turns one's authenticator on. @throws AppError `access.totp`, `access.rate`. */
  async confirmTotp(person: Person, code: string, address: string): Promise<void> {
    const attempt = this.#limits.session(person.session, address)
    await this.#parts.authenticators.confirm(person.name, code)
    attempt.succeeded()
  }

  /** Changes one's own password and ends one's other sessions. @throws AppError `access.wrong`, `access.rate`. */
  async changePassword(person: Person, given: { readonly password: string; readonly newPassword: string }, address: string): Promise<void> {
    const attempt = this.#limits.session(person.session, address)
    const account = await this.#parts.accounts.find(person.name)
    const { matches } = await this.#parts.passwords.check(given.password, account?.password)
    if (!matches) throw wrong()
    attempt.succeeded()
    await this.#parts.accounts.setPassword(person.name, given.newPassword, person.session)
  }

  /** Gives the hash that the password was compared with, or the one that replaced it. */
  async #prove(account: KnownAccount | undefined, given: { readonly password: string; readonly totp?: string | undefined }, attempt: Attempt): Promise<string> {
    const { matches, renewed } = await this.#parts.passwords.check(given.password, account?.password)
    if (account === undefined || !matches) throw wrong()
    if (account.totp !== undefined) {
      if (given.totp === undefined) {
        attempt.undecided()
        throw new AppError('access.totp', 'The code of the authenticator is asked for', { hint: 'Send it together with name and password.' })
      }
      const { totp } = account
      const code = given.totp
      await this.#parts.reserve.spend(async () => await this.#parts.authenticators.use(totp, code))
    }
    attempt.succeeded()
    if (renewed === undefined) return account.password
    await this.#parts.reserve.spend(async () => await this.#parts.accounts.renewHash(account.id, account.password, renewed))
    return renewed
  }

  async #begin(account: KnownAccount | undefined, hash: string | undefined, device: DeviceFacts): Promise<string> {
    const session = account === undefined || hash === undefined ? undefined : await this.#parts.reserve.spend(async () => await this.#parts.sessions.begin(account.id, hash, device))
    // The account was removed, or its password changed, while this one was compared.
    if (session === undefined) throw wrong()
    return session
  }
}

function wrong(): AppError {
  return new AppError('access.wrong', 'The name or the password is wrong', { hint: 'Try again. A lost password is set anew on the machine itself: holdfast account password NAME.' })
}
