import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { printable } from '../../kit/printable.ts'
import { auditEntrySchema } from '../../model/api/access.ts'
import type { AuditEntry, AuditPage } from '../../model/api/access.ts'
import type { AccessTables } from './access-tables.ts'
import { addressBlock } from './address-block.ts'

/**
 * So many lines of each outcome are kept, 100,000 in all. Each has room of its own: a flood of refused requests pushes no line
 * out that tells what was really done.
 */
export const auditRoom: Readonly<Record<AuditEntry['outcome'], number>> = { ok: 60_000, failed: 20_000, denied: 20_000 }
/** Old lines go in bunches, not with every new one. */
const bunch = 100
/** Of what did not go well so many lines a minute are written, from one address and from all: each one is a write to the disk. */
const mostOfAddress = 30
const mostOfAll = 300
const minuteMs = 60_000

/** Who did what, from where, and whether it was allowed and went well. */
export class AuditLog {
  readonly #db: Kysely<AccessTables>
  readonly #now: () => number
  readonly #room: Readonly<Record<AuditEntry['outcome'], number>>
  #added = 0
  #minute = { beganMs: 0, ofAll: 0, ofAddress: new Map<string, number>(), leftOut: 0 }

  constructor(db: Kysely<AccessTables>, now: () => number, room = auditRoom) {
    this.#db = db
    this.#now = now
    this.#room = room
  }

  /**
   * Adds a line. Texts of requests are hostile: they are made printable and cut. Of a flood of refused requests only the number
   * is kept; what went well is always written.
   */
  async add(entry: Omit<AuditEntry, 'at'>): Promise<void> {
    const { leftOut } = this.#minute
    if (this.#now() - this.#minute.beganMs >= minuteMs) {
      this.#minute = { beganMs: this.#now(), ofAll: 0, ofAddress: new Map(), leftOut: 0 }
      if (leftOut > 0) await this.#write({ who: 'nobody', address: '', action: 'more refused or failed requests', target: String(leftOut), outcome: 'denied' })
    }
    if (entry.outcome !== 'ok' && this.#isFlood(addressBlock(entry.address))) this.#minute.leftOut += 1
    else await this.#write(entry)
  }

  #isFlood(block: string): boolean {
    const ofThis = this.#minute.ofAddress.get(block) ?? 0
    if (this.#minute.ofAll >= mostOfAll || ofThis >= mostOfAddress) return true
    this.#minute.ofAll += 1
    this.#minute.ofAddress.set(block, ofThis + 1)
    return false
  }

  async #write({ who, address, action, target, outcome }: Omit<AuditEntry, 'at'>): Promise<void> {
    await this.#db.insertInto('audit').values({ at: this.#now(), who: safe(who), address: safe(address), action: safe(action), target: target === undefined ? null : safe(target), outcome }).execute()
    this.#added += 1
    if (this.#added % bunch === 1) await this.#dropOldest()
  }

  /** Newest first; `cursor` is the `next` of the page before. */
  async page(limit: number, cursor?: number): Promise<AuditPage> {
    const rows = await this.#db.selectFrom('audit').selectAll().where('id', '<', cursor ?? Number.MAX_SAFE_INTEGER).orderBy('id', 'desc').limit(limit + 1).execute()
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    return {
      entries: shown.map(({ at, who, address, action, target, outcome }) => auditEntrySchema.parse({ at: new Date(at).toISOString(), who, address, action, outcome, ...(target === null ? {} : { target }) })),
      ...(rows.length > limit && last !== undefined ? { next: String(last.id) } : {}),
    }
  }

  async #dropOldest(): Promise<void> {
    for (const [outcome, room] of Object.entries(this.#room)) {
      await sql`delete from audit where outcome = ${outcome} and id <= (select id from audit where outcome = ${outcome} order by id desc limit 1 offset ${room})`.execute(this.#db)
    }
  }
}

function safe(text: string): string {
  return printable(text).slice(0, 300)
}
