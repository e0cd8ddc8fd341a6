import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import { z } from 'zod'
import type { ExpectedRun } from '../model/expected-run.ts'
import type { Scope } from '../model/restore-point.ts'
import { snapshotSchema } from '../model/restore-point.ts'
import type { Outcome, RunKind } from '../model/run-event.ts'
import { outcomeSchema, runKindSchema } from '../model/run-event.ts'
import { expectedOf } from './catalog-expected.ts'
import type { CatalogPoint } from './catalog-points.ts'
import { merge } from './catalog-points.ts'
import type { CatalogTables } from './catalog-tables.ts'
import { storedJson } from './stored-json.ts'
import { storedWord } from './stored-word.ts'

/** An application, and the scope that its backups usually save. */
export type OverviewSubject = { readonly name: string; readonly scope: Scope }

const dayErrorSchema = z.object({ code: z.string(), message: z.string() })
/** Little of a run, for what a day was like. */
type DayRun = { readonly run: string; readonly kind: RunKind; readonly startedAt: string; readonly outcome?: Outcome; readonly error?: z.infer<typeof dayErrorSchema> }

/** What an application's card shows of the catalog. */
export type OverviewFacts = {
  /** Restore points, copies not counted. */
  readonly points: number
  /** The newest sound one of the scope, of those that are not from the future. */
  readonly newest?: CatalogPoint
  /** When the newest verified one of the scope was made. */
  readonly verifiedPointAt?: string
  /** Of the newest sound ones of the scope, oldest first. */
  readonly sizes: readonly { readonly at: string; readonly sizeBytes: number }[]
  /** Since the time asked for, newest first. */
  readonly runs: readonly DayRun[]
  /** Due since the time asked for, oldest first; what is still to come is not among them. */
  readonly expected: readonly ExpectedRun[]
}
export type OverviewSpan = { readonly since: Date; readonly now: Date; readonly sizes: number }

// Two machines' clocks may differ a little.
const clockToleranceMs = 5 * 60_000

/** Six queries for all applications together; each application is sought in an index, and no point is passed over that is not given. */
export async function overviewFacts(db: Kysely<CatalogTables>, apps: readonly OverviewSubject[], span: OverviewSpan): Promise<ReadonlyMap<string, OverviewFacts>> {
  const queries = overviewQueries(apps, span)
  const [tallies, newest, verified, sizes, runs, expected] = await db.connection().execute(async (connection) => [
    (await queries.tallies.execute(connection)).rows,
    (await queries.newest.execute(connection)).rows,
    (await queries.verified.execute(connection)).rows,
    (await queries.sizes.execute(connection)).rows,
    (await queries.runs.execute(connection)).rows,
    (await queries.expected.execute(connection)).rows,
  ] as const)
  const pointsOf = new Map(tallies.map(({ app, points }) => [app, points]))
  const newestOf = Map.groupBy(newest, ({ app }) => app)
  const verifiedOf = new Map(verified.map(({ app, at }) => [app, at]))
  const sizesOf = Map.groupBy(sizes, ({ app }) => app)
  const runsOf = Map.groupBy(runs, ({ app }) => app)
  const dueOf = Map.groupBy(expected, ({ app }) => app)
  return new Map(apps.map(({ name }): [string, OverviewFacts] => {
    const [point] = merge((newestOf.get(name) ?? []).map(({ vault, snapshot }) => ({ vault, snapshot: storedJson(snapshotSchema, snapshot) })))
    const verifiedAt = verifiedOf.get(name)
    return [name, {
      points: pointsOf.get(name) ?? 0,
      ...(point === undefined ? {} : { newest: point }),
      ...(verifiedAt === undefined || verifiedAt === null ? {} : { verifiedPointAt: new Date(verifiedAt).toISOString() }),
      sizes: (sizesOf.get(name) ?? []).map(({ at, size }) => ({ at: new Date(at).toISOString(), sizeBytes: size })),
      runs: (runsOf.get(name) ?? []).map(dayRunOf),
      expected: (dueOf.get(name) ?? []).map(expectedOf),
    }]
  }))
}

type RunRow = { readonly app: string; readonly run: string; readonly kind: string; readonly started_at: number; readonly outcome: string | null; readonly error: string | null }
type ExpectedRow = CatalogTables['expected']

/** Written out in SQL: what belongs to each of a list is no query that kysely can write for SQLite. */
export function overviewQueries(apps: readonly OverviewSubject[], { since, now, sizes }: OverviewSpan) {
  const subjects = sql`(select value ->> 'name' as name, value ->> 'scope' as scope from json_each(${JSON.stringify(apps.map(({ name, scope }) => ({ name, scope })))})) a`
  const latest = now.getTime() + clockToleranceMs
  return {
    tallies: sql<{ app: string; points: number }>`select t.app, t.points from ${subjects} cross join tallies t where t.app = a.name`,
    newest: sql<{ app: string; vault: string; snapshot: string }>`select p.app, p.vault, p.snapshot from ${subjects} cross join points p
      where p.app = a.name and p.scope = a.scope and p.sound = 1
        and p.started_at = (select q.started_at from points q where q.app = a.name and q.scope = a.scope and q.sound = 1 and q.started_at <= ${latest} order by q.started_at desc limit 1)
      order by p.vault`,
    verified: sql<{ app: string; at: number | null }>`select a.name as app, (select q.started_at from points q where q.app = a.name and q.scope = a.scope and q.verified = 1 and q.started_at <= ${latest} order by q.started_at desc limit 1) as at from ${subjects}`,
    sizes: sql<{ app: string; at: number; size: number }>`select p.app, p.started_at as at, max(p.size_bytes) as size from ${subjects} cross join points p
      where p.app = a.name and p.scope = a.scope and p.sound = 1
        and p.started_at >= coalesce((select q.started_at from points q where q.app = a.name and q.scope = a.scope and q.sound = 1 group by q.started_at order by q.started_at desc limit 1 offset ${sizes - 1}), 0)
      group by a.name, p.started_at order by p.started_at`,
    runs: sql<RunRow>`select r.app, r.run, r.kind, r.started_at, r.outcome, r.error from ${subjects} cross join runs r where r.app = a.name and r.started_at >= ${since.getTime()} order by r.started_at desc`,
    expected: sql<ExpectedRow>`select e.app, e.origin, e.due_at, e.start_at, e.state, e.run from ${subjects} cross join expected e where e.app = a.name and e.due_at >= ${since.getTime()} and e.due_at <= ${now.getTime()} order by e.due_at`,
  }
}

const kindOf = storedWord(runKindSchema)
const outcomeOf = storedWord(outcomeSchema)

function dayRunOf({ run, kind, started_at: startedAt, outcome, error }: RunRow): DayRun {
  return {
    run,
    kind: kindOf(kind),
    startedAt: new Date(startedAt).toISOString(),
    ...(outcome === null ? {} : { outcome: outcomeOf(outcome) }),
    ...(error === null ? {} : { error: storedJson(dayErrorSchema, error) }),
  }
}
