import type { Kysely, Selectable } from 'kysely'
import { sql } from 'kysely'
import type { ExpectedRun, ExpectedState } from '../model/expected-run.ts'
import { expectedOriginSchema, expectedStateSchema } from '../model/expected-run.ts'
import type { CatalogTables } from './catalog-tables.ts'
import { storedWord } from './stored-word.ts'

export type ExpectedKey = Pick<ExpectedRun, 'app' | 'origin' | 'dueAt'>
export type Plan = { readonly schedule: string; readonly plannedUntil: Date }

const rowsAtOnce = 500

/** The runs that were expected, and how they ended. */
export class CatalogExpected {
  readonly #db: Kysely<CatalogTables>

  constructor(db: Kysely<CatalogTables>) {
    this.#db = db
  }

  /** Writes down what is to come; what is known already stays as it is. */
  async write(expected: readonly ExpectedRun[]): Promise<void> {
    for (let index = 0; index < expected.length; index += rowsAtOnce) {
      await this.#db.insertInto('expected').values(expected.slice(index, index + rowsAtOnce).map(rowOf)).onConflict((conflict) => conflict.doNothing()).execute()
    }
  }

  /** Writes down what a schedule asks for, and how far, in one transaction. */
  async plan(app: string, { schedule, plannedUntil }: Plan, expected: readonly ExpectedRun[]): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      await new CatalogExpected(transaction).write(expected)
      await transaction.replaceInto('plans').values({ app, schedule, planned_until: plannedUntil.getTime() }).execute()
    })
  }

  async planOf(app: string): Promise<Plan | undefined> {
    const row = await this.#db.selectFrom('plans').selectAll().where('app', '=', app).executeTakeFirst()
    return row === undefined ? undefined : { schedule: row.schedule, plannedUntil: new Date(row.planned_until) }
  }

  /** From `waiting` to `started`; true for the one that has done it, though many ask. */
  async claim(key: ExpectedKey): Promise<boolean> {
    const { numUpdatedRows } = await this.#of(key).set({ state: 'started' }).where('state', '=', 'waiting').executeTakeFirst()
    return numUpdatedRows === 1n
  }

  /** Back to `waiting`: what was claimed could not be begun. */
  async release(key: ExpectedKey): Promise<void> {
    await this.#of(key).set({ state: 'waiting' }).where('state', '=', 'started').execute()
  }

  async settle(key: ExpectedKey, state: ExpectedState, run?: string): Promise<void> {
    await this.#of(key).set({ state, ...(run === undefined ? {} : { run }) }).execute()
  }

  /** Those of an application that are due from `since` on, oldest first. */
  async list(app: string, since: Date): Promise<readonly ExpectedRun[]> {
    const rows = await this.#db.selectFrom('expected').selectAll().where('app', '=', app).where('due_at', '>=', since.getTime()).orderBy('due_at').execute()
    return rows.map(expectedOf)
  }

  /** What is not at its end and should have begun by `now`, oldest first. */
  async open(now: Date): Promise<readonly ExpectedRun[]> {
    const rows = await openBy(this.#db, now).execute()
    return rows.map(expectedOf)
  }

  /** Drops what was not begun, but only what is due after `after`. */
  async dropWaiting(app: string, after = new Date(0)): Promise<void> {
    await this.#db.deleteFrom('expected').where('app', '=', app).where('due_at', '>', after.getTime()).where('state', '=', 'waiting').execute()
  }

  /** Drops all that is due after `after`, its end included: a clock was wrong when it was written. */
  async dropAfter(app: string, after: Date): Promise<void> {
    await this.#db.deleteFrom('expected').where('app', '=', app).where('due_at', '>', after.getTime()).execute()
  }

  /** Forgets the schedules of applications that are not named, with what they still ask for. */
  async keepPlans(apps: readonly string[]): Promise<void> {
    const plans = await this.#db.selectFrom('plans').select('app').execute()
    for (const { app } of plans.filter((plan) => !apps.includes(plan.app))) {
      await this.dropWaiting(app)
      await this.#db.deleteFrom('plans').where('app', '=', app).execute()
    }
  }

  /** Drops what was due before `before`. */
  async prune(before: Date): Promise<void> {
    await this.#db.deleteFrom('expected').where('due_at', '<', before.getTime()).execute()
  }

  #of({ app, origin, dueAt }: ExpectedKey) {
    return this.#db.updateTable('expected').where('app', '=', app).where('due_at', '=', Date.parse(dueAt)).where('origin', '=', origin)
  }
}

export function openBy(db: Kysely<CatalogTables>, now: Date) {
  // Written out, not bound: only so the partial index is known to fit.
  return db.selectFrom('expected').selectAll().where(sql<boolean>`state in ('waiting', 'started')`).where('start_at', '<=', now.getTime()).orderBy('due_at')
}

function rowOf({ app, origin, dueAt, startAt, state, run }: ExpectedRun): CatalogTables['expected'] {
  return { app, origin, due_at: Date.parse(dueAt), start_at: Date.parse(startAt), state, run: run ?? null }
}

const originOf = storedWord(expectedOriginSchema)
const stateOf = storedWord(expectedStateSchema)

/** @throws AppError `state.damaged`. */
function expectedOf({ app, origin, due_at: dueAt, start_at: startAt, state, run }: Selectable<CatalogTables['expected']>): ExpectedRun {
  const due = new Date(dueAt).toISOString()
  return { app, origin: originOf(origin), dueAt: due, startAt: startAt === dueAt ? due : new Date(startAt).toISOString(), state: stateOf(state), ...(run === null ? {} : { run }) }
}
