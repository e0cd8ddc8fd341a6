import type { Kysely, Transaction } from 'kysely'
import { sql } from 'kysely'
import type { Snapshot } from '../model/restore-point.ts'
import { snapshotSchema } from '../model/restore-point.ts'
import type { CatalogTables } from './catalog-tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { storedJson } from './stored-json.ts'

/** One restore point with all its copies: those in other vaults have ids of their own. */
export type CatalogPoint = {
  /** The soundest copy: undamaged before damaged, verified before not. */
  readonly point: Snapshot
  readonly copies: readonly { readonly vault: string; readonly snapshot: Snapshot }[]
}
export type CatalogPointsPage = { readonly points: readonly CatalogPoint[]; readonly total: number; readonly next?: string }

type Copy = CatalogPoint['copies'][number]

// SQLite takes 32,766 values in a statement; a row has eleven.
const rowsAtOnce = 200
// Two machines' clocks may differ a little.
const clockToleranceMs = 5 * 60_000

/** The restore points that lay in the vaults when they were last listed. */
export class CatalogPoints {
  readonly #db: Kysely<CatalogTables>

  constructor(db: Kysely<CatalogTables>) {
    this.#db = db
  }

  /**
   * Takes over what was listed in a vault: `listed` has an entry for each application that was looked for, with all its points;
   * what is known of other applications stays. In one transaction.
   */
  async replace(vault: string, listed: ReadonlyMap<string, readonly Snapshot[]>, at: Date): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      for (const [app, snapshots] of listed) {
        if (await replaceApp(transaction, vault, app, snapshots, at)) await tally(transaction, app)
        await transaction.insertInto('listings').values({ vault, app, listed_at: at.getTime() })
          .onConflict((conflict) => conflict.columns(['vault', 'app']).doUpdateSet({ listed_at: at.getTime() })).execute()
      }
    })
  }

  /** Forgets the points of applications and vaults that are not named any more. */
  async keepOnly(vaultsOf: ReadonlyMap<string, readonly string[]>): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      for (const { app, vault } of await transaction.selectFrom('listings').select(['app', 'vault']).execute()) {
        if (vaultsOf.get(app)?.includes(vault) === true) continue
        await transaction.deleteFrom('points').where('vault', '=', vault).where('app', '=', app).execute()
        await transaction.deleteFrom('listings').where('vault', '=', vault).where('app', '=', app).execute()
        await tally(transaction, app)
      }
    })
  }

  /** When each vault of an application was last listed. */
  async listedAt(app: string): Promise<ReadonlyMap<string, Date>> {
    const rows = await this.#db.selectFrom('listings').select(['vault', 'listed_at']).where('app', '=', app).execute()
    return new Map(rows.map(({ vault, listed_at: at }) => [vault, new Date(at)]))
  }

  /**
   * Newest first, copies merged; `limit` counts readings of the application, of which one rarely made two points in one vault.
   * @throws AppError `usage` for a cursor that is none.
   */
  async page(app: string, { limit, cursor }: { readonly limit: number; readonly cursor?: string }): Promise<CatalogPointsPage> {
    const after = cursor === undefined ? undefined : readCursor(cursor)
    const readings = await readingsAfter(this.#db, app, after, limit + 1).execute()
    const shown = readings.slice(0, limit)
    const [first, last] = [shown[0], shown.at(-1)]
    const counted = await this.#db.selectFrom('tallies').select('points').where('app', '=', app).executeTakeFirst()
    const total = counted?.points ?? 0
    if (first === undefined || last === undefined) return { points: [], total }
    const rows = await rowsBetween(this.#db, app, first, last).execute()
    return { points: merge(rows.map(copyOf)), total, ...(readings.length > limit ? { next: writeCursor({ at: last.started_at, key: last.reading }) } : {}) }
  }

  /** The point of this id, in whichever vault, with its copies. */
  async find(app: string, id: string): Promise<CatalogPoint | undefined> {
    const row = await this.#db.selectFrom('points').select(['started_at', 'reading']).where('app', '=', app).where('id', '=', id).executeTakeFirst()
    if (row === undefined) return undefined
    const rows = await rowsBetween(this.#db, app, row, row).execute()
    return merge(rows.map(copyOf)).find(({ copies }) => copies.some(({ snapshot }) => snapshot.id === id))
  }

  /** What lies in each vault, newest first. A vault without points is absent. */
  async byVault(app: string): Promise<ReadonlyMap<string, readonly Snapshot[]>> {
    return listsOf(await this.#db.selectFrom('points').select(['vault', 'snapshot']).where('app', '=', app).orderBy('started_at', 'desc').execute())
  }

  /**
   * The same of what was made from `since` on, without points that were ever seen while they were dated in the future: they are
   * older than they say, also when their time has come meanwhile.
   */
  async madeSince(app: string, since: Date): Promise<ReadonlyMap<string, readonly Snapshot[]>> {
    return listsOf(await this.#db.selectFrom('points').select(['vault', 'snapshot']).where('app', '=', app).where('started_at', '>=', since.getTime()).where('ahead', '=', 0).orderBy('started_at', 'desc').execute())
  }

  /** The sizes of the newest `count` sound points of a scope, oldest first; copies and a dated and a rolling one of one reading count once. */
  async sizes(app: string, scope: Snapshot['scope'], count: number): Promise<readonly { readonly at: string; readonly sizeBytes: number }[]> {
    const rows = await this.#db.selectFrom('points').select(['started_at', sql<number>`max(size_bytes)`.as('size_bytes')])
      .where('app', '=', app).where('scope', '=', scope).where('sound', '=', sql.lit(1)).groupBy('started_at').orderBy('started_at', 'desc').limit(count).execute()
    return rows.toReversed().map(({ started_at: at, size_bytes: sizeBytes }) => ({ at: new Date(at).toISOString(), sizeBytes }))
  }
}

/** The copies that belong together, in the order of their first ones. */
function merge(copies: readonly Copy[]): readonly CatalogPoint[] {
  const groups: { reading: string; copies: Copy[] }[] = []
  for (const copy of copies) {
    const reading = `${copy.snapshot.startedAt} ${readingOf(copy.snapshot)}`
    // Another id in the same vault is another point, though it was made in the same moment.
    const group = groups.find((each) => each.reading === reading && each.copies.every(({ vault }) => vault !== copy.vault))
    if (group === undefined) groups.push({ reading, copies: [copy] })
    else group.copies.push(copy)
  }
  return groups.flatMap(({ copies: found }) => {
    const [best] = soundestFirst(found)
    return best === undefined ? [] : [{ point: best.snapshot, copies: found.toSorted((a, b) => a.vault < b.vault ? -1 : 1) }]
  })
}

/** Undamaged before damaged, complete before not, verified before not; among equals the order stays. */
export function soundestFirst(copies: readonly Copy[]): readonly Copy[] {
  return copies.toSorted((a, b) => soundness(b.snapshot) - soundness(a.snapshot))
}

function soundness({ complete, damagedAt, verifiedAt }: Snapshot): number {
  return (damagedAt === undefined ? 4 : 0) + (complete ? 2 : 0) + (verifiedAt === undefined ? 0 : 1)
}

/** Copies are made under the time of the reading, by the same host, for the same slot. */
function readingOf({ slot, scope, host }: Snapshot): string {
  return `${slot} ${scope} ${host}`
}

function copyOf({ vault, snapshot }: { readonly vault: string; readonly snapshot: string }): Copy {
  return { vault, snapshot: storedJson(snapshotSchema, snapshot) }
}

function listsOf(rows: readonly { readonly vault: string; readonly snapshot: string }[]): ReadonlyMap<string, readonly Snapshot[]> {
  return new Map([...Map.groupBy(rows.map(copyOf), ({ vault }) => vault)].map(([vault, copies]) => [vault, copies.map(({ snapshot }) => snapshot)]))
}

/** True where something has changed. */
async function replaceApp(transaction: Transaction<CatalogTables>, vault: string, app: string, snapshots: readonly Snapshot[], at: Date): Promise<boolean> {
  const known = new Map((await transaction.selectFrom('points').select(['id', 'snapshot', 'ahead']).where('vault', '=', vault).where('app', '=', app).execute()).map((row) => [row.id, row]))
  const listed = new Map(snapshots.map((snapshot) => [snapshot.id, snapshot]))
  const gone = [...known.keys()].filter((id) => !listed.has(id))
  const changed = [...listed.values()].map((snapshot) => rowOf(vault, app, snapshot, at, known.get(snapshot.id)?.ahead === 1)).filter(({ id, snapshot, ahead }) => known.get(id)?.snapshot !== snapshot || known.get(id)?.ahead !== ahead)
  for (const ids of chunks(gone)) await transaction.deleteFrom('points').where('vault', '=', vault).where('app', '=', app).where('id', 'in', ids).execute()
  for (const rows of chunks(changed)) await transaction.replaceInto('points').values(rows).execute()
  return gone.length > 0 || changed.length > 0
}

function rowOf(vault: string, app: string, snapshot: Snapshot, seenAt: Date, wasAhead: boolean): CatalogTables['points'] {
  const isSound = snapshot.complete && snapshot.damagedAt === undefined
  return {
    vault, app, id: snapshot.id,
    started_at: Date.parse(snapshot.startedAt),
    reading: readingOf(snapshot),
    scope: snapshot.scope,
    sound: Number(isSound),
    verified: Number(isSound && snapshot.verifiedAt !== undefined),
    ahead: Number(wasAhead || Date.parse(snapshot.startedAt) > seenAt.getTime() + clockToleranceMs),
    size_bytes: snapshot.sizeBytes,
    snapshot: JSON.stringify(snapshot),
  }
}

async function tally(transaction: Transaction<CatalogTables>, app: string): Promise<void> {
  const { points } = await transaction.selectFrom(transaction.selectFrom('points').select(['started_at', 'reading']).distinct().where('app', '=', app).as('readings'))
    .select(({ fn }) => fn.countAll<number>().as('points')).executeTakeFirstOrThrow()
  await transaction.replaceInto('tallies').values({ app, points }).execute()
}

/** One row for each reading, newest first; the index is read in its order and no further than asked for. */
export function readingsAfter(db: Kysely<CatalogTables>, app: string, after: { readonly at: number; readonly key: string } | undefined, limit: number) {
  const all = db.selectFrom('points').select(['started_at', 'reading']).distinct().where('app', '=', app).orderBy('started_at', 'desc').orderBy('reading', 'desc').limit(limit)
  return after === undefined ? all : all.where(({ eb, refTuple, tuple }) => eb(refTuple('started_at', 'reading'), '<', tuple(after.at, after.key)))
}

type Reading = { readonly started_at: number; readonly reading: string }

export function rowsBetween(db: Kysely<CatalogTables>, app: string, newest: Reading, oldest: Reading) {
  return db.selectFrom('points').select(['vault', 'snapshot']).where('app', '=', app)
    .where(({ eb, refTuple, tuple }) => eb(refTuple('started_at', 'reading'), '<=', tuple(newest.started_at, newest.reading)))
    .where(({ eb, refTuple, tuple }) => eb(refTuple('started_at', 'reading'), '>=', tuple(oldest.started_at, oldest.reading)))
    .orderBy('started_at', 'desc').orderBy('reading', 'desc').orderBy('vault', 'desc')
}

function chunks<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / rowsAtOnce) }, (_, index) => items.slice(index * rowsAtOnce, (index + 1) * rowsAtOnce))
}
