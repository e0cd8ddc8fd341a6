import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { newId } from '../../kit/new-id.ts'
import { printable } from '../../kit/printable.ts'
import { roleSchema } from '../../model/api/access.ts'
import type { Device } from '../../model/api/access.ts'
import type { Principal } from '../../model/principal.ts'
import type { AccessTables } from './access-tables.ts'
import { hashOf, newSecretText } from './secret-text.ts'
import { unlessNoRoom } from './unless-no-room.ts'

const day = 86_400_000
/** A session that is not used for this long ends. */
const idleMs = 7 * day
/** However much it is used, it ends after this long. */
export const sessionMs = 30 * day
const elevatedMs = 10 * 60_000
/** `seenAt` is written at most this often: a dashboard asks every second. */
const touchMs = 60_000
const mostOfOneAccount = 50

type SessionPrincipal = Extract<Principal, { kind: 'account' }>
/** Where a request comes from, as the list of devices shows it. */
export type DeviceFacts = { readonly address: string; readonly agent: string }

/** Who is signed in. The text of a session is a random secret in a cookie; only its hash is stored. */
export class Sessions {
  readonly #db: Kysely<AccessTables>
  readonly #now: () => number

  constructor(db: Kysely<AccessTables>, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /**
   * A new session, for which the password was just given. `password` is the hash that it was compared with: where it was
   * changed while the comparison ran, there is no session and undefined.
   */
  async begin(account: string, password: string, device: DeviceFacts): Promise<string | undefined> {
    const secret = newSecretText()
    const now = this.#now()
    const agent = printable(device.agent).slice(0, 200)
    await this.#dropEnded(account)
    const begun = await sql`insert into sessions (id, hash, account, agent, address, created_at, seen_at, elevated_until)
      select ${newId()}, ${hashOf(secret)}, account, ${agent}, ${device.address}, ${now}, ${now}, ${now + elevatedMs} from credentials where account = ${account} and kind = 'password' and secret = ${password}`.execute(this.#db)
    if (begun.numAffectedRows !== 1n) return undefined
    await this.#db.updateTable('accounts').set({ seen_at: now }).where('id', '=', account).execute()
    return secret
  }

  /** Whose session this is; undefined for one that has ended or never was. */
  async find(secret: string, address: string): Promise<SessionPrincipal | undefined> {
    const now = this.#now()
    const row = await this.#db.selectFrom('sessions').innerJoin('accounts', 'accounts.id', 'sessions.account')
      .select(['sessions.id', 'sessions.seen_at', 'sessions.elevated_until', 'sessions.account', 'accounts.name', 'accounts.role'])
      .where('hash', '=', hashOf(secret)).where('sessions.seen_at', '>', now - idleMs).where('sessions.created_at', '>', now - sessionMs).executeTakeFirst()
    if (row === undefined) return undefined
    if (now - row.seen_at >= touchMs) {
      await unlessNoRoom(async () => {
        await this.#db.updateTable('sessions').set({ seen_at: now, address }).where('id', '=', row.id).execute()
        await this.#db.updateTable('accounts').set({ seen_at: now }).where('id', '=', row.account).execute()
      })
    }
    return { kind: 'account', name: row.name, role: roleSchema.parse(row.role), session: row.id, elevatedUntil: row.elevated_until }
  }

  /** The devices of an account, the newest first. */
  async list(name: string, current: string): Promise<readonly Device[]> {
    const now = this.#now()
    const rows = await this.#db.selectFrom('sessions').innerJoin('accounts', 'accounts.id', 'sessions.account').selectAll('sessions').where('accounts.name', '=', name)
      .where('sessions.seen_at', '>', now - idleMs).where('sessions.created_at', '>', now - sessionMs).orderBy('sessions.created_at', 'desc').execute()
    return rows.map((row) => ({ id: row.id, agent: row.agent, address: row.address, createdAt: new Date(row.created_at).toISOString(), seenAt: new Date(row.seen_at).toISOString(), current: row.id === current }))
  }

  /** Ends a session of this account; false where it has none of this id. */
  async end(name: string, id: string): Promise<boolean> {
    const ended = await sql`delete from sessions where id = ${id} and account = (select id from accounts where name = ${name})`.execute(this.#db)
    return ended.numAffectedRows === 1n
  }

  /** Ends the session of a cookie, whosesoever it is. */
  async endOf(secret: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('hash', '=', hashOf(secret)).execute()
  }

  /** The password was given again; gives until when that holds. */
  async elevate(id: string): Promise<number> {
    const until = this.#now() + elevatedMs
    await this.#db.updateTable('sessions').set({ elevated_until: until }).where('id', '=', id).execute()
    return until
  }

  async #dropEnded(account: string): Promise<void> {
    const now = this.#now()
    await sql`delete from sessions where seen_at <= ${now - idleMs} or created_at <= ${now - sessionMs}`.execute(this.#db)
    await sql`delete from sessions where account = ${account} and id not in (select id from sessions where account = ${account} order by seen_at desc limit ${mostOfOneAccount - 1})`.execute(this.#db)
  }
}
