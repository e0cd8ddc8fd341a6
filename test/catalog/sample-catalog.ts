import { Kysely } from 'kysely'
import { Catalog } from '../../src/catalog/catalog.ts'
import type { CatalogTables } from '../../src/catalog/catalog-tables.ts'
import { sqliteDialect } from '../../src/catalog/sqlite-dialect.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import type { RunReport } from '../../src/model/run-report.ts'

const dayMs = 86_400_000
let made = 0

/** A sound full point; each has an id of its own. */
export function point(app: string, startedAt: string, rest: Partial<Snapshot> = {}): Snapshot {
  const id = (++made).toString(16).padStart(16, '0')
  return {
    id, app, host: 'nas', root: `/srv/${app}`, scope: 'full', slot: 'dated', startedAt, finishedAt: startedAt, complete: true, format: 'tar.gz', key: `${app}_${startedAt}_${id}.tar.gz`,
    encrypted: false, sizeBytes: 1_000_000 + made, contentBytes: 4_000_000, entries: 1000, databases: 1, warnings: 0, sha256: 'a'.repeat(64), verifiedAt: startedAt, ...rest,
  }
}

/** One a day, the newest on `newest`; newest first. */
export function daily(app: string, count: number, newest: string, rest: Partial<Snapshot> = {}): Snapshot[] {
  return Array.from({ length: count }, (_, index) => point(app, new Date(Date.parse(newest) - index * dayMs).toISOString(), rest))
}

export function report(app: string, startedAt: string, rest: Partial<RunReport> = {}): RunReport {
  return {
    run: `${app}-${startedAt}`, kind: 'backup', app, user: 'root', startedAt, finishedAt: startedAt, files: 10, bytes: 1000, warnings: [], warningCount: 0, notes: [], noteCount: 0,
    databases: [], saved: [], verified: [], removed: [], outcome: 'ok', ...rest,
  }
}

export async function openCatalog(file: string): Promise<Catalog> {
  return await Catalog.open(file, {
    now: () => new Date('2026-11-20T12:00:00Z'),
    onDamage: (error) => {
      throw error
    },
  })
}

/** The same tables beside it, for a look behind. */
export function tablesOf(file: string): Kysely<CatalogTables> {
  return new Kysely<CatalogTables>({ dialect: sqliteDialect(file) })
}
