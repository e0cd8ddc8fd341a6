import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Compilable, Kysely, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { openBy } from '../../src/catalog/catalog-expected.ts'
import { readingsAfter, rowsBetween } from '../../src/catalog/catalog-points.ts'
import { runsAfter } from '../../src/catalog/catalog-runs.ts'
import type { CatalogTables } from '../../src/catalog/catalog-tables.ts'
import type { ExpectedRun } from '../../src/model/expected-run.ts'
import { daily, openCatalog, report, tablesOf } from './sample-catalog.ts'

// What one server is to hold: 200 applications with 250 restore points each.
const apps = Array.from({ length: 200 }, (_, index) => ({ name: `app-${index}`, scope: 'full' as const }))
const now = new Date('2026-11-20T12:00:00Z')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-catalog-'))
const file = join(folder, 'c.sqlite')
let catalog: Catalog
let tables: Kysely<CatalogTables>

before(async () => {
  catalog = await openCatalog(file)
  tables = tablesOf(file)
  for (const { name } of apps) {
    const points = daily(name, 250, '2026-11-20T03:00:00.000Z')
    await catalog.points.replace('nas', new Map([[name, points]]), now)
    const month = points.slice(0, 30)
    await catalog.runs.put(month.map(({ startedAt }) => report(name, startedAt)))
    await catalog.expected.write(month.map(({ startedAt }): ExpectedRun => ({ app: name, origin: 'schedule', dueAt: startedAt, startAt: startedAt, state: 'met', run: `${name}-${startedAt}` })))
  }
})
after(async () => {
  await tables.destroy()
  await catalog[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

/** How SQLite would go about it. */
async function planOf(query: Compilable | RawBuilder<unknown>): Promise<string> {
  const compiled = query.compile(tables)
  const explained = await tables.executeQuery<{ detail: string }>({ ...compiled, sql: `explain query plan ${compiled.sql}` })
  return explained.rows.map(({ detail }) => detail).join('\n')
}

const lists = {
  'the first page of points': () => readingsAfter(tables, 'app-7', undefined, 51),
  'a later page of points': () => readingsAfter(tables, 'app-7', { at: now.getTime(), key: 'x' }, 51),
  'the copies of a page': () => rowsBetween(tables, 'app-7', { started_at: now.getTime(), reading: 'x' }, { started_at: 0, reading: 'x' }),
  'the first page of runs': () => runsAfter(tables, 'app-7', undefined, 51),
  'a later page of runs': () => runsAfter(tables, 'app-7', { at: now.getTime(), key: 'x' }, 51),
}
for (const [what, query] of Object.entries(lists)) {
  test(`${what} is read in the order of an index, and no further than it goes`, async () => {
    const plan = await planOf(query())
    assert.match(plan, /^SEARCH (?:points|runs) USING (?:COVERING )?INDEX \w+_by_time \(app=\?/, plan)
    assert.doesNotMatch(plan, /SCAN|TEMP B-TREE/, plan)
  })
}

test('a later page begins where the one before ended, not at the newest', async () => {
  assert.match(await planOf(readingsAfter(tables, 'app-7', { at: 1, key: 'x' }, 51)), /\(app=\? AND \(started_at,reading\)</)
  assert.match(await planOf(runsAfter(tables, 'app-7', { at: 1, key: 'x' }, 51)), /\(app=\? AND \(started_at,run\)</)
})

test('what is open is found without what is past', async () => {
  assert.match(await planOf(openBy(tables, now)), /USING INDEX expected_open/)
})

test('listing what has not changed writes no point', async () => {
  const newestRow = async (): Promise<number | undefined> => (await sql<{ max: number }>`select max(rowid) as max from points`.execute(tables)).rows[0]?.max
  const known = (await catalog.points.byVault('app-7')).get('nas') ?? []
  const newest = await newestRow()
  await catalog.points.replace('nas', new Map([['app-7', known]]), now)
  assert.equal(await newestRow(), newest)
  // A row that is written again is a new one.
  await catalog.points.replace('nas', new Map([['app-7', known.map((each, index) => index === 0 ? { ...each, warnings: 1 } : each)]]), now)
  assert.equal(await newestRow(), (newest ?? 0) + 1)
})
