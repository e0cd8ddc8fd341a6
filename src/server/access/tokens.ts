import type { Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import { newId } from '../../kit/new-id.ts'
import { roleSchema, tokenKindSchema } from '../../model/api/access.ts'
import type { CreatedToken, NewToken, Token } from '../../model/api/access.ts'
import type { Principal } from '../../model/principal.ts'
import type { AccessTables } from './access-tables.ts'
import { hashOf, newSecretText } from './secret-text.ts'
import { unlessNoRoom } from './unless-no-room.ts'

const prefix = 'hf_'
/** `usedAt` is written at most this often: a monitor asks every few seconds. */
const touchMs = 60_000
const day = 86_400_000

type TokenPrincipal = Extract<Principal, { kind: 'token' }>

/** Tokens of programs and widgets. Their text is shown once; only its hash is stored. */
export class Tokens {
  readonly #db: Kysely<AccessTables>
  readonly #now: () => number

  constructor(db: Kysely<AccessTables>, now: () => number) {
    this.#db = db
    this.#now = now
  }

  /** @throws AppError `usage` for a widget token of another role than viewer. */
  async create(wanted: NewToken): Promise<CreatedToken> {
    if (wanted.kind === 'widget' && wanted.role !== 'viewer') throw new AppError('usage', 'A widget token only reads', { hint: 'Leave the role viewer.' })
    if (wanted.kind === 'api' && wanted.frameAncestors !== undefined) throw new AppError('usage', 'Only a widget token has pages that it may be shown in', { hint: 'Make a widget token, or leave the pages out.' })
    const text = `${prefix}${newSecretText()}`
    const now = this.#now()
    const row: Selectable<AccessTables['tokens']> = {
      id: newId(), hash: hashOf(text), name: wanted.name, kind: wanted.kind, role: wanted.role,
      apps: wanted.apps === undefined ? null : JSON.stringify(wanted.apps), frame_ancestors: wanted.frameAncestors === undefined ? null : JSON.stringify(wanted.frameAncestors),
      created_at: now, expires_at: wanted.days === undefined ? null : now + wanted.days * day, used_at: null,
    }
    await this.#db.insertInto('tokens').values(row).execute()
    return { ...tokenOf(row), text }
  }

  /** All that were not revoked, expired ones too, by name. */
  async list(): Promise<readonly Token[]> {
    return (await this.#db.selectFrom('tokens').selectAll().orderBy('name').orderBy('created_at').execute()).map(tokenOf)
  }

  /** @throws AppError `access.unknown` */
  async revoke(id: string): Promise<void> {
    const { numDeletedRows } = await this.#db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst()
    if (numDeletedRows === 0n) throw new AppError('access.unknown', 'There is no token of this id', { hint: 'See the list of tokens.' })
  }

  /** Whose token this is; undefined for one that was revoked, has expired or never was. */
  async find(text: string): Promise<TokenPrincipal | undefined> {
    if (!text.startsWith(prefix) || text.length > 100) return undefined
    const row = await this.#db.selectFrom('tokens').selectAll().where('hash', '=', hashOf(text)).executeTakeFirst()
    const now = this.#now()
    if (row === undefined || (row.expires_at !== null && row.expires_at <= now)) return undefined
    if (row.used_at === null || now - row.used_at >= touchMs) await unlessNoRoom(async () => await this.#db.updateTable('tokens').set({ used_at: now }).where('id', '=', row.id).execute())
    const { id, name, kind, role, apps, frameAncestors } = tokenOf(row)
    return { kind: 'token', id, name, tokenKind: kind, role, ...(apps === undefined ? {} : { apps }), ...(frameAncestors === undefined ? {} : { frameAncestors }) }
  }
}

const listSchema = z.array(z.string())

function tokenOf(row: Selectable<AccessTables['tokens']>): Token {
  return {
    id: row.id, name: row.name, kind: tokenKindSchema.parse(row.kind), role: roleSchema.parse(row.role),
    ...(row.apps === null ? {} : { apps: listSchema.parse(JSON.parse(row.apps)) }),
    ...(row.frame_ancestors === null ? {} : { frameAncestors: listSchema.parse(JSON.parse(row.frame_ancestors)) }),
    createdAt: new Date(row.created_at).toISOString(),
    ...(row.expires_at === null ? {} : { expiresAt: new Date(row.expires_at).toISOString() }),
    ...(row.used_at === null ? {} : { usedAt: new Date(row.used_at).toISOString() }),
  }
}
