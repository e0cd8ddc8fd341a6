import type { Kysely, Selectable } from 'kysely'
import { z } from 'zod'
import type { RunLine } from '../model/api/runs.ts'
import type { Outcome, RunKind } from '../model/run-event.ts'
import { outcomeSchema, runKindSchema } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import type { CatalogTables } from './catalog-tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { storedJson } from './stored-json.ts'
import { storedWord } from './stored-word.ts'

const savedSchema = z.array(z.object({ vault: z.string(), id: z.string(), key: z.string(), slot: z.string() }))
const removedSchema = z.array(z.object({ vault: z.string(), id: z.string() }))
const errorSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })

/** A run as a list shows it. */
type ListedRun = {
  readonly run: string
  readonly app: string
  readonly kind: RunKind
  readonly startedAt: string
  readonly finishedAt?: string
  readonly outcome?: Outcome
  readonly warnings: number
  readonly bytes: number
  readonly points: string[]
  readonly error?: z.infer<typeof errorSchema>
}
/** With what it did to the vaults. */
export type CatalogRun = ListedRun & { readonly saved: z.infer<typeof savedSchema>; readonly removed: z.infer<typeof removedSchema> }

/** Runs as their journals tell them, without their events. */
export class CatalogRuns {
  readonly #db: Kysely<CatalogTables>

  constructor(db: Kysely<CatalogTables>) {
    this.#db = db
  }

  /** Notes how a run stands; the same run again replaces what was known of it. */
  async put(reports: readonly RunReport[]): Promise<void> {
    if (reports.length === 0) return
    await this.#db.transaction().execute(async (transaction) => {
      for (const report of reports) await transaction.replaceInto('runs').values(rowOf(report)).execute()
    })
  }

  /** Newest first. @throws AppError `usage` for a cursor that is none. */
  async page(app: string, { limit, cursor }: { readonly limit: number; readonly cursor?: string }): Promise<{ readonly runs: readonly RunLine[]; readonly next?: string }> {
    const after = cursor === undefined ? undefined : readCursor(cursor)
    const rows = await runsAfter(this.#db, app, after, limit + 1).execute()
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    return { runs: shown.map(lineOf), ...(last === undefined || rows.length <= limit ? {} : { next: writeCursor({ at: last.started_at, key: last.run }) }) }
  }

  /** What began from `since` on, newest first; one that is going on has no outcome. */
  async since(app: string, since: Date): Promise<readonly CatalogRun[]> {
    const rows = await this.#db.selectFrom('runs').selectAll().where('app', '=', app).where('started_at', '>=', since.getTime()).orderBy('started_at', 'desc').orderBy('run', 'desc').execute()
    return rows.map((row) => ({ ...lineOf(row), saved: storedJson(savedSchema, row.saved), removed: storedJson(removedSchema, row.removed) }))
  }

  async find(app: string, run: string): Promise<RunLine | undefined> {
    const row = await this.#db.selectFrom('runs').selectAll().where('app', '=', app).where('run', '=', run).executeTakeFirst()
    return row === undefined ? undefined : lineOf(row)
  }
}

export function runsAfter(db: Kysely<CatalogTables>, app: string, after: { readonly at: number; readonly key: string } | undefined, limit: number) {
  const all = db.selectFrom('runs').selectAll().where('app', '=', app).orderBy('started_at', 'desc').orderBy('run', 'desc').limit(limit)
  return after === undefined ? all : all.where(({ eb, refTuple, tuple }) => eb(refTuple('started_at', 'run'), '<', tuple(after.at, after.key)))
}

function rowOf(report: RunReport): CatalogTables['runs'] {
  return {
    app: report.app, run: report.run, kind: report.kind,
    started_at: Date.parse(report.startedAt),
    finished_at: report.finishedAt === undefined ? null : Date.parse(report.finishedAt),
    outcome: report.outcome ?? null,
    warnings: report.warningCount,
    // Each phase counts its own; what was saved is what counts.
    bytes: Math.max(report.bytes, ...report.saved.map(({ contentBytes }) => contentBytes)),
    error: report.error === undefined ? null : JSON.stringify(report.error),
    saved: JSON.stringify(report.saved.map(({ vault, id, key, slot }) => ({ vault, id, key, slot }))),
    removed: JSON.stringify(report.removed.map(({ vault, id }) => ({ vault, id }))),
  }
}

const kindOf = storedWord(runKindSchema)
const outcomeOf = storedWord(outcomeSchema)

function lineOf(row: Selectable<CatalogTables['runs']>): ListedRun {
  return {
    run: row.run, app: row.app, kind: kindOf(row.kind), warnings: row.warnings, bytes: row.bytes,
    startedAt: new Date(row.started_at).toISOString(),
    ...(row.finished_at === null ? {} : { finishedAt: new Date(row.finished_at).toISOString() }),
    ...(row.outcome === null ? {} : { outcome: outcomeOf(row.outcome) }),
    ...(row.error === null ? {} : { error: storedJson(errorSchema, row.error) }),
    points: [...new Set(storedJson(savedSchema, row.saved).map(({ id }) => id))],
  }
}
