import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { AppError } from '../../kit/app-error.ts'
import { newId } from '../../kit/new-id.ts'
import type { TotpBegin } from '../../model/api/access.ts'
import type { AccessTables } from './access-tables.ts'
import { newTotpSecret, totpStep, totpUri } from './totp.ts'

/** The second factor of accounts: six digits of an authenticator (TOTP, RFC 6238). */
export class Authenticators {
  readonly #db: Kysely<AccessTables>
  readonly #now: () => number

  constructor(db: Kysely<AccessTables>, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /**
   * A new secret, which asks for nothing until it is confirmed by a code.
   * @throws AppError `access.exists` where one is on already, `access.unknown`.
   */
  async begin(name: string, label: string): Promise<TotpBegin> {
    const secret = newTotpSecret()
    const begun = await sql`insert into credentials (id, account, kind, secret) select ${newId()}, id, 'totp', ${secret} from accounts where name = ${name}
      on conflict (account, kind) where kind in ('password', 'totp') do update set secret = excluded.secret, used_step = null where confirmed_at is null`.execute(this.#db)
    if (begun.numAffectedRows !== 1n) throw new AppError('access.exists', 'An authenticator is on already', { hint: 'Turn it off first.' })
    return { secret, uri: totpUri(secret, label) }
  }

  /** Turns it on. @throws AppError `access.totp` for a wrong code, or where none was begun. */
  async confirm(name: string, code: string): Promise<void> {
    const row = await this.#db.selectFrom('credentials').innerJoin('accounts', 'accounts.id', 'credentials.account').select(['credentials.id', 'secret'])
      .where('name', '=', name).where('kind', '=', 'totp').where('confirmed_at', 'is', null).executeTakeFirst()
    const step = row === undefined ? undefined : totpStep(row.secret, code, this.#now())
    if (row === undefined || step === undefined) throw wrongCode()
    const { numUpdatedRows } = await this.#db.updateTable('credentials').set({ confirmed_at: this.#now(), used_step: step }).where('id', '=', row.id).where('secret', '=', row.secret).where('confirmed_at', 'is', null).executeTakeFirst()
    // Begun anew meanwhile, with another secret.
    if (numUpdatedRows !== 1n) throw wrongCode()
  }

  /** Accepts a code, once. @throws AppError `access.totp` for a wrong one and for one that was used before. */
  async use(credential: { readonly id: string; readonly secret: string }, code: string): Promise<void> {
    const step = totpStep(credential.secret, code, this.#now())
    if (step === undefined) throw wrongCode()
    // One statement compares and writes: of two requests with the same code one is refused.
    const used = await sql`update credentials set used_step = ${step} where id = ${credential.id} and (used_step is null or used_step < ${step})`.execute(this.#db)
    if (used.numAffectedRows !== 1n) throw wrongCode()
  }

  /** Turns it off; false where none was on. */
  async remove(name: string): Promise<boolean> {
    const removed = await sql`delete from credentials where kind = 'totp' and account = (select id from accounts where name = ${name})`.execute(this.#db)
    return removed.numAffectedRows === 1n
  }
}

function wrongCode(): AppError {
  return new AppError('access.totp', 'The code is wrong, or was used before', { hint: 'Wait for the next one; the clocks of both devices must be right.' })
}
