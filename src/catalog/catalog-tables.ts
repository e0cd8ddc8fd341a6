import { sql } from 'kysely'
import type { ExpectedRun } from '../model/expected-run.ts'
import type { Migration } from './migrate.ts'

/** Moments are milliseconds since 1970, so that they sort and compare; truth values are 0 and 1. */
export type CatalogTables = {
  /** A restore point in a vault. What is sought and sorted by stands in columns, all of it in `snapshot` as JSON. */
  points: {
    vault: string
    app: string
    id: string
    started_at: number
    /** With `started_at` it names the reading that the point came of: copies of it in other vaults bear the same. */
    reading: string
    scope: string
    /** 1 where it is complete and not known to be damaged. */
    sound: number
    verified: number
    /** 1 where it was once seen while its own time had not come: a clock was wrong when it was made, or when it was seen. */
    ahead: number
    size_bytes: number
    snapshot: string
  }
  /** When the points of an application in a vault were last listed. Its own table: a listing that changes nothing writes one row. */
  listings: { vault: string; app: string; listed_at: number }
  /** How many readings an application has points of, over all vaults; counted when they change. */
  tallies: { app: string; points: number }
  runs: {
    app: string
    run: string
    kind: string
    started_at: number
    finished_at: number | null
    outcome: string | null
    warnings: number
    bytes: number
    /** JSON: `{code, message, hint}`. */
    error: string | null
    /** JSON: lists of `{vault, id, key, slot}` and `{vault, id}`. */
    saved: string
    removed: string
  }
  expected: { app: string; origin: ExpectedRun['origin']; due_at: number; start_at: number; state: ExpectedRun['state']; run: string | null }
  /** How far an application's schedule has been written down. */
  plans: { app: string; schedule: string; planned_until: number }
  marks: { name: string }
}

/** Steps that were published never change. */
export const catalogMigrations: readonly Migration[] = [
  async (database) => {
    const { schema } = database
    await schema.createTable('points')
      .addColumn('vault', 'text', (column) => column.notNull())
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('reading', 'text', (column) => column.notNull())
      .addColumn('scope', 'text', (column) => column.notNull())
      .addColumn('sound', 'integer', (column) => column.notNull())
      .addColumn('verified', 'integer', (column) => column.notNull())
      .addColumn('ahead', 'integer', (column) => column.notNull())
      .addColumn('size_bytes', 'bigint', (column) => column.notNull())
      .addColumn('snapshot', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('points_pk', ['vault', 'app', 'id'])
      .execute()
    await schema.createIndex('points_by_time').on('points').columns(['app', 'started_at', 'reading', 'vault']).execute()
    await schema.createIndex('points_by_id').on('points').columns(['app', 'id']).execute()
    // What a card shows is found without passing over the points that do not count.
    await schema.createIndex('points_sound').on('points').columns(['app', 'scope', 'started_at', 'size_bytes']).where(sql.ref('sound'), '=', sql.lit(1)).execute()
    await schema.createIndex('points_verified').on('points').columns(['app', 'scope', 'started_at']).where(sql.ref('verified'), '=', sql.lit(1)).execute()

    await schema.createTable('listings')
      .addColumn('vault', 'text', (column) => column.notNull())
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('listed_at', 'bigint', (column) => column.notNull())
      .addPrimaryKeyConstraint('listings_pk', ['vault', 'app'])
      .execute()
    await schema.createTable('tallies').addColumn('app', 'text', (column) => column.primaryKey()).addColumn('points', 'integer', (column) => column.notNull()).execute()

    await schema.createTable('runs')
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('run', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('started_at', 'bigint', (column) => column.notNull())
      .addColumn('finished_at', 'bigint')
      .addColumn('outcome', 'text')
      .addColumn('warnings', 'integer', (column) => column.notNull())
      .addColumn('bytes', 'bigint', (column) => column.notNull())
      .addColumn('error', 'text')
      .addColumn('saved', 'text', (column) => column.notNull())
      .addColumn('removed', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('runs_pk', ['app', 'run'])
      .execute()
    await schema.createIndex('runs_by_time').on('runs').columns(['app', 'started_at', 'run']).execute()

    await schema.createTable('expected')
      .addColumn('app', 'text', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('due_at', 'bigint', (column) => column.notNull())
      .addColumn('start_at', 'bigint', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('run', 'text')
      .addPrimaryKeyConstraint('expected_pk', ['app', 'due_at', 'origin'])
      .execute()
    await schema.createIndex('expected_open').on('expected').columns(['state', 'start_at']).where(sql.ref('state'), 'in', sql`('waiting', 'started')`).execute()
    await schema.createTable('plans')
      .addColumn('app', 'text', (column) => column.primaryKey())
      .addColumn('schedule', 'text', (column) => column.notNull())
      .addColumn('planned_until', 'bigint', (column) => column.notNull())
      .execute()
    await schema.createTable('marks').addColumn('name', 'text', (column) => column.primaryKey()).execute()
  },
]
