import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { AppError } from '../../kit/app-error.ts'
import { newId } from '../../kit/new-id.ts'
import { roleSchema } from '../../model/api/access.ts'
import type { Account, Role } from '../../model/api/access.ts'
import type { AccessTables } from './access-tables.ts'
import type { Passwords } from './passwords.ts'

/** What a sign-in compares with. */
export type KnownAccount = {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly password: string
  /** Set where the account asks for a code of its authenticator. */
  readonly totp?: { readonly id: string; readonly secret: string }
}

/** The accounts. There is always an admin, as soon as there is an account at all. */
export class Accounts {
  readonly #db: Kysely<AccessTables>
  readonly #passwords: Passwords
  readonly #now: () => number
  #some = false

  constructor(db: Kysely<AccessTables>, passwords: Passwords, now: () => number) {
    this.#db = db
    this.#passwords = passwords
    this.#now = now
  }

  /** Whether there is any. Once true it stays: the last admin cannot be removed. */
  async some(): Promise<boolean> {
    this.#some ||= (await this.#db.selectFrom('accounts').select('id').limit(1).execute()).length > 0
    return this.#some
  }

  async list(): Promise<readonly Account[]> {
    const rows = await this.#db.selectFrom('accounts').selectAll().orderBy('name').execute()
    const withTotp = new Set((await this.#db.selectFrom('credentials').select('account').where('kind', '=', 'totp').where('confirmed_at', 'is not', null).execute()).map((row) => row.account))
    return rows.map((row) => ({
      name: row.name, role: roleSchema.parse(row.role), totp: withTotp.has(row.id), createdAt: new Date(row.created_at).toISOString(),
      ...(row.seen_at === null ? {} : { seenAt: new Date(row.seen_at).toISOString() }),
    }))
  }

  /** The account of this name, whatever its case; undefined where there is none. */
  async find(name: string): Promise<KnownAccount | undefined> {
    const row = await this.#db.selectFrom('accounts').innerJoin('credentials as p', (join) => join.onRef('p.account', '=', 'accounts.id').on('p.kind', '=', 'password'))
      .leftJoin('credentials as t', (join) => join.onRef('t.account', '=', 'accounts.id').on('t.kind', '=', 'totp').on('t.confirmed_at', 'is not', null))
      .select(['accounts.id', 'accounts.name', 'accounts.role', 'p.secret as password', 't.id as totp_id', 't.secret as totp_secret'])
      .where('accounts.name', '=', name).executeTakeFirst()
    if (row === undefined) return undefined
    const { id, role, password, totp_id: totpId, totp_secret: secret } = row
    return { id, name: row.name, role: roleSchema.parse(role), password, ...(totpId === null || secret === null ? {} : { totp: { id: totpId, secret } }) }
  }

  /**
   * A new account. `first`: only where there is none yet, for two who set up at once.
   * @throws AppError `access.exists`, `access.setup` (only with `first`), `access.last-admin` where there would be no admin; `access.rate`.
   */
  async add(account: { readonly name: string; readonly password: string; readonly role: Role }, first = false): Promise<void> {
    const hash = await this.#passwords.hash(account.password)
    const id = newId()
    const allowed = first ? sql`not exists (select 1 from accounts)` : sql`(${account.role} = 'admin' or exists (select 1 from accounts where role = 'admin'))`
    const isAdded = await this.#db.transaction().execute(async (transaction) => {
      // The condition is part of the one statement that writes: no other process can come between.
      const added = await sql`insert into accounts (id, name, role, created_at) select ${id}, ${account.name}, ${account.role}, ${this.#now()} where ${allowed} on conflict (name) do nothing`.execute(transaction)
      if (added.numAffectedRows !== 1n) return false
      await transaction.insertInto('credentials').values({ id: newId(), account: id, kind: 'password', secret: hash, confirmed_at: this.#now(), used_step: null }).execute()
      return true
    })
    if (isAdded) return
    throw first ? new AppError('access.setup', 'There is an account already', { hint: 'Sign in with it.' }) : await this.#whyNotAdded(account.name)
  }

  /**
   * Sets a password and ends the account's sessions, all but `keep`.
   * @throws AppError `access.unknown`, `access.rate`.
   */
  async setPassword(name: string, password: string, keep?: string): Promise<void> {
    const hash = await this.#passwords.hash(password)
    await this.#db.transaction().execute(async (transaction) => {
      const changed = await sql`update credentials set secret = ${hash} where kind = 'password' and account = (select id from accounts where name = ${name})`.execute(transaction)
      if (changed.numAffectedRows !== 1n) throw unknown(name)
      await sql`delete from sessions where account = (select id from accounts where name = ${name}) and id <> ${keep ?? ''}`.execute(transaction)
    })
  }

  /** The same password under a new hash; nothing where it was changed meanwhile. */
  async renewHash(account: string, old: string, renewed: string): Promise<void> {
    await this.#db.updateTable('credentials').set({ secret: renewed }).where('account', '=', account).where('kind', '=', 'password').where('secret', '=', old).execute()
  }

  /** @throws AppError `access.unknown`, `access.last-admin`. */
  async setRole(name: string, role: Role): Promise<void> {
    const changed = await sql`update accounts set role = ${role} where name = ${name} and (${role} = 'admin' or ${notLastAdmin})`.execute(this.#db)
    if (changed.numAffectedRows !== 1n) throw await this.#whyKept(name)
  }

  /** Removes an account with its sessions. @throws AppError `access.unknown`, `access.last-admin`. */
  async remove(name: string): Promise<void> {
    const removed = await sql`delete from accounts where name = ${name} and ${notLastAdmin}`.execute(this.#db)
    if (removed.numAffectedRows !== 1n) throw await this.#whyKept(name)
  }

  async #whyNotAdded(name: string): Promise<AppError> {
    if (!await this.some()) return new AppError('access.last-admin', 'The first account must be an admin', { hint: 'Give it the role admin.' })
    return new AppError('access.exists', `There is an account ${name} already`, { hint: 'Choose another name.' })
  }

  async #whyKept(name: string): Promise<AppError> {
    const found = await this.#db.selectFrom('accounts').select('id').where('name', '=', name).executeTakeFirst()
    return found === undefined ? unknown(name) : new AppError('access.last-admin', `${name} is the last admin`, { hint: 'Make another account an admin first.' })
  }
}

const notLastAdmin = sql`(role <> 'admin' or (select count(*) from accounts where role = 'admin') > 1)`

function unknown(name: string): AppError {
  return new AppError('access.unknown', `There is no account ${name}`, { hint: 'See the list of accounts.' })
}
