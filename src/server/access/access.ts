import { join } from 'node:path'
import type { Kysely } from 'kysely'
import type { AuditEntry } from '../../model/api/access.ts'
import type { Principal } from '../../model/principal.ts'
import type { Route, RouteAccess } from '../http/route.ts'
import type { AccessTables } from './access-tables.ts'
import { Accounts } from './accounts.ts'
import { AuditLog } from './audit-log.ts'
import { Authenticators } from './authenticators.ts'
import { authorize } from './authorize.ts'
import type { Verdict } from './authorize.ts'
import { openAccessFile } from './open-access-file.ts'
import { currentCost } from './password-hash.ts'
import type { PasswordCost } from './password-hash.ts'
import { Passwords } from './passwords.ts'
import { Reserve } from './reserve.ts'
import { sessionOf } from './session-cookie.ts'
import { Sessions } from './sessions.ts'
import { SignIn } from './sign-in.ts'
import { Tokens } from './tokens.ts'

export type AccessOptions = {
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What a guess of a password costs; another one is for tests. */
  readonly passwordCost?: PasswordCost
}

/**
 * Who may come in, and what each may do: accounts, sessions, tokens and the audit log, in access.sqlite of the data folder. What
 * the command line changes there holds from the next request on: nothing is remembered between two requests but the
 * counts of attempts.
 */
export class Access implements AsyncDisposable {
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly tokens: Tokens
  readonly authenticators: Authenticators
  readonly auditLog: AuditLog
  readonly signIn: SignIn
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly #db: Kysely<AccessTables>

  private constructor(db: Kysely<AccessTables>, reserve: Reserve, { now, passwordCost = currentCost }: AccessOptions) {
    const passwords = new Passwords(passwordCost)
    this.#db = db
    this.now = now
    this.accounts = new Accounts(db, passwords, now)
    this.sessions = new Sessions(db, now)
    this.tokens = new Tokens(db, now)
    this.authenticators = new Authenticators(db, now)
    this.auditLog = new AuditLog(db, now)
    this.signIn = new SignIn({ accounts: this.accounts, sessions: this.sessions, passwords, authenticators: this.authenticators, reserve, now })
  }

  /** @throws AppError as `openAccessFile`. */
  static async open(dataFolder: string, options: AccessOptions): Promise<Access> {
    return new Access(await openAccessFile(dataFolder), new Reserve(join(dataFolder, 'reserve')), options)
  }

  /**
   * Who makes this request: by the session's cookie, or by `Authorization: Bearer`, which then counts alone. For routes of
   * widgets, which a foreign page loads and which can send no header, a widget token may also stand in `?token=`; other tokens
   * may not: addresses end up in logs. Whoever proves nothing is anonymous.
   */
  async authenticate(request: Request, address: string, secure: boolean, route?: { readonly access: RouteAccess }): Promise<Principal> {
    const authorization = request.headers.get('authorization')
    if (authorization !== null) return await this.tokens.find(/^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? '') ?? anonymous
    const asked = route?.access === 'widget' ? new URL(request.url).searchParams.get('token') : null
    if (asked !== null) {
      const token = await this.tokens.find(asked)
      return token?.tokenKind === 'widget' ? token : anonymous
    }
    const session = sessionOf(request, secure)
    return session === undefined ? anonymous : await this.sessions.find(session, address) ?? anonymous
  }

  /** Whether the principal may use the route with these parameters now. */
  authorize(principal: Principal, route: Omit<Route, 'handle'>, params: Readonly<Record<string, string>>): Verdict {
    return authorize(principal, route, params, this.now())
  }

  /** Adds a line to the audit log. */
  async audit(entry: Omit<AuditEntry, 'at'>): Promise<void> {
    await this.auditLog.add(entry)
  }

  /** Whether there is an account. Without one nothing but the setup is to be reached. */
  async hasAccounts(): Promise<boolean> {
    return await this.accounts.some()
  }

  /** The token that makes the first account, for the console; another one with each start. It is worth nothing once there is an account. */
  setupToken(): string {
    return this.signIn.setupToken
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#db.destroy()
  }
}

const anonymous: Principal = { kind: 'anonymous' }
