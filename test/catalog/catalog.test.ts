import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Catalog } from '../../src/catalog/catalog.ts'
import type { ExpectedRun } from '../../src/model/expected-run.ts'
import { daily, openCatalog, point, report, tablesOf } from './sample-catalog.ts'
import { temporaryFolder } from './temporary-folder.ts'

const now = new Date('2026-11-20T12:00:00Z')

function expected(dueAt: string, rest: Partial<ExpectedRun> = {}): ExpectedRun {
  return { app: 'demo', origin: 'schedule', dueAt, startAt: dueAt, state: 'waiting', ...rest }
}

test('a run is noted as it begins and again as it ends', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const saved = { ...point('demo', '2026-11-20T03:00:00.000Z'), vault: 'nas' }
  const { outcome: _, finishedAt: __, ...going } = report('demo', '2026-11-20T03:00:00.000Z')
  await catalog.runs.put([going])
  assert.deepEqual(await catalog.runs.find('demo', going.run), { run: going.run, app: 'demo', kind: 'backup', startedAt: going.startedAt, warnings: 0, bytes: 1000, points: [] })
  await catalog.runs.put([{ ...going, finishedAt: '2026-11-20T03:05:00.000Z', outcome: 'failed', error: { code: 'storage.full', message: 'No space', hint: undefined }, saved: [saved, { ...saved, vault: 'usb' }], removed: [{ vault: 'nas', id: 'x', key: 'k', reason: 'old' }], warningCount: 2 }])
  const [run] = await catalog.runs.since('demo', new Date('2026-11-20T03:00:00Z'))
  const { key, slot, id } = saved
  assert.deepEqual(run, {
    run: going.run, app: 'demo', kind: 'backup', startedAt: going.startedAt, finishedAt: '2026-11-20T03:05:00.000Z', outcome: 'failed', error: { code: 'storage.full', message: 'No space' }, warnings: 2, bytes: 4_000_000, points: [id],
    saved: [{ vault: 'nas', id, key, slot }, { vault: 'usb', id, key, slot }], removed: [{ vault: 'nas', id: 'x' }],
  })
  assert.deepEqual(await catalog.runs.since('demo', new Date('2026-11-20T03:00:01Z')), [])
})

test('runs come in pages, newest first, each once', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const reports = Array.from({ length: 7 }, (_, index) => report('demo', `2026-11-2${Math.floor(index / 2)}T03:00:00.000Z`, { run: `r${index}` }))
  await catalog.runs.put([...reports, report('other', '2026-11-20T03:00:00.000Z')])
  const found: string[] = []
  let cursor: string | undefined
  do {
    const page = await catalog.runs.page('demo', { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
    found.push(...page.runs.map(({ run }) => run))
    cursor = page.next
  } while (cursor !== undefined)
  assert.deepEqual(found, ['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0'])
})

test('an expectation is written once, claimed once, and settled', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const due = '2026-11-20T03:00:00.000Z'
  await catalog.expected.write([expected(due), expected(due, { origin: 'touch', state: 'started' }), expected('2026-11-21T03:00:00.000Z')])
  assert.deepEqual(await Promise.all([1, 2, 3].map(async () => await catalog.expected.claim(expected(due)))), [true, false, false])
  await catalog.expected.write([expected(due)])
  assert.deepEqual((await catalog.expected.open(now)).map(({ origin, state }) => `${origin} ${state}`).sort(), ['schedule started', 'touch started'])
  await catalog.expected.release(expected(due))
  assert.equal(await catalog.expected.claim(expected(due)), true)
  await catalog.expected.settle(expected(due), 'met', 'r1')
  await catalog.expected.release(expected(due))
  assert.deepEqual((await catalog.expected.list('demo', new Date(due))).map(({ origin, state, run }) => [origin, state, run]), [['schedule', 'met', 'r1'], ['touch', 'started', undefined], ['schedule', 'waiting', undefined]])
})

test('plans are kept with what they ask for, and go with their application', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const plan = { schedule: 'daily', plannedUntil: new Date('2026-11-22T00:00:00Z') }
  await catalog.expected.plan('demo', plan, [expected('2026-11-20T03:00:00.000Z', { state: 'met' }), expected('2026-11-21T03:00:00.000Z')])
  assert.deepEqual(await catalog.expected.planOf('demo'), plan)
  await catalog.expected.keepPlans(['demo'])
  assert.equal((await catalog.expected.list('demo', new Date(0))).length, 2)
  await catalog.expected.keepPlans([])
  assert.equal(await catalog.expected.planOf('demo'), undefined)
  assert.deepEqual((await catalog.expected.list('demo', new Date(0))).map(({ state }) => state), ['met'], 'what was stays')
  await catalog.expected.prune(now)
  assert.deepEqual(await catalog.expected.list('demo', new Date(0)), [])
})

test('it remembers whether it was filled', async (t) => {
  const file = join(temporaryFolder(t), 'c.sqlite')
  {
    await using catalog = await openCatalog(file)
    assert.equal(await catalog.isFilled(), false)
    await catalog.markFilled()
  }
  await using catalog = await openCatalog(file)
  assert.equal(await catalog.isFilled(), true)
})

test('a newer catalog is refused and stays where it is', async (t) => {
  const file = join(temporaryFolder(t), 'c.sqlite')
  await (await openCatalog(file))[Symbol.asyncDispose]()
  {
    await using tables = tablesOf(file)
    const { sql } = await import('kysely')
    await sql`insert into schema_version values (99)`.execute(tables)
  }
  await assert.rejects(openCatalog(file), { code: 'state.newer' })
})

const damages: Readonly<Record<string, (file: string) => void>> = {
  'overwritten': (file) => { writeFileSync(file, 'no database at all, but long enough to look like one '.repeat(200)) },
  'cut off': (file) => { truncateSync(file, Math.floor(statSync(file).size / 2 / 4096) * 4096) },
  'with a page of zeros': (file) => {
    const bytes = readFileSync(file)
    bytes.fill(0, 4096 * 3, 4096 * 5)
    writeFileSync(file, bytes)
  },
}
for (const [what, damage] of Object.entries(damages)) {
  test(`a catalog that is ${what} is set aside, told, and begun anew`, async (t) => {
    const folder = temporaryFolder(t)
    const file = join(folder, 'catalog.sqlite')
    writeFileSync(`${file}.damaged-20200101T000000Z`, 'the one before')
    {
      await using catalog = await openCatalog(file)
      await catalog.points.replace('nas', new Map([['demo', daily('demo', 500, '2026-11-20T03:00:00.000Z')]]), now)
      await catalog.markFilled()
    }
    damage(file)
    const told: string[] = []
    await using catalog = await Catalog.open(file, { now: () => now, onDamage: ({ code, message }) => told.push(`${code}: ${message}`) })
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', /^state\.damaged: The catalog was damaged; it lies now as .*catalog\.sqlite\.damaged-20261120T120000Z and is made again/)
    assert.equal(await catalog.isFilled(), false)
    await catalog.points.replace('nas', new Map([['demo', daily('demo', 2, '2026-11-20T03:00:00.000Z')]]), now)
    assert.equal((await catalog.points.page('demo', { limit: 10 })).total, 2)
    assert.deepEqual(readdirSync(folder).filter((name) => name.includes('damaged') && !name.includes('-wal') && !name.includes('-shm')), ['catalog.sqlite.damaged-20261120T120000Z'])
  })
}
