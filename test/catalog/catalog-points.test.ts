import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Catalog } from '../../src/catalog/catalog.ts'
import { daily, openCatalog, point } from './sample-catalog.ts'
import { temporaryFolder } from './temporary-folder.ts'

const at = new Date('2026-11-20T12:00:00Z')

async function allPages(catalog: Catalog, app: string, limit: number): Promise<string[]> {
  const ids: string[] = []
  for (let cursor: string | undefined, pages = 0; pages < 100; pages++) {
    const page = await catalog.points.page(app, { limit, ...(cursor === undefined ? {} : { cursor }) })
    ids.push(...page.points.map(({ point: each }) => each.id))
    cursor = page.next
    if (cursor === undefined) return ids
  }
  throw new Error('the pages do not end')
}

test('what was listed is there, what is gone is removed, and other applications and vaults stay', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const [first, second] = daily('demo', 2, '2026-11-20T03:00:00.000Z')
  const other = point('other', '2026-11-20T03:00:00.000Z')
  assert.ok(first !== undefined && second !== undefined)
  await catalog.points.replace('nas', new Map([['demo', [first, second]], ['other', [other]]]), at)
  await catalog.points.replace('nas', new Map([['demo', [{ ...second, verifiedAt: '2026-11-20T11:00:00.000Z' }]]]), at)
  assert.deepEqual([...await catalog.points.byVault('demo')], [['nas', [{ ...second, verifiedAt: '2026-11-20T11:00:00.000Z' }]]])
  assert.deepEqual([...await catalog.points.byVault('other')], [['nas', [other]]])
  await catalog.points.replace('nas', new Map([['demo', []]]), at)
  assert.deepEqual(await catalog.points.page('demo', { limit: 10 }), { points: [], total: 0 })
  assert.deepEqual([...await catalog.points.listedAt('demo')], [['nas', at]])
  assert.deepEqual([...await catalog.points.listedAt('nobody')], [])
})

test('a listing of which one point cannot be stored changes nothing', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const known = daily('demo', 3, '2026-11-20T03:00:00.000Z')
  await catalog.points.replace('nas', new Map([['demo', known]]), at)
  await assert.rejects(catalog.points.replace('nas', new Map([['demo', []], ['other', [point('other', 'no time at all')]]]), new Date(0)))
  assert.deepEqual((await catalog.points.byVault('demo')).get('nas'), known)
  assert.deepEqual([...await catalog.points.listedAt('demo')], [['nas', at]])
})

test('all that is known of a point comes back', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const full = point('demo', '2026-11-20T03:00:00Z', { trailerAt: 5, damagedAt: '2026-11-20T04:00:00Z', foreign: { kind: 'jeedom', container: 'tar.gz' }, host: '\u202eevil\n<script>' })
  await catalog.points.replace('nas', new Map([['demo', [full]]]), at)
  assert.deepEqual((await catalog.points.find('demo', full.id))?.point, full)
  assert.equal(await catalog.points.find('other', full.id), undefined)
  assert.equal(await catalog.points.find('demo', 'f'.repeat(16)), undefined)
})

test('pages give each point once, newest first, whatever their size', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const points = daily('demo', 25, '2026-11-20T03:00:00.000Z')
  const rolling = daily('demo', 25, '2026-11-20T03:00:00.000Z', { slot: 'rolling' })
  await catalog.points.replace('nas', new Map([['demo', [...points, ...rolling].toReversed()], ['zother', daily('zother', 5, '2026-11-20T03:00:00.000Z')]]), at)
  const expected = points.flatMap(({ id }, index) => [rolling[index]?.id, id])
  for (const limit of [1, 3, 25, 50, 51]) assert.deepEqual(await allPages(catalog, 'demo', limit), expected, `${limit}`)
  assert.equal((await catalog.points.page('demo', { limit: 3 })).total, 50)
})

test('a page goes on where it ended though a newer point has come', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const points = daily('demo', 4, '2026-11-19T03:00:00.000Z')
  await catalog.points.replace('nas', new Map([['demo', points]]), at)
  const { next } = await catalog.points.page('demo', { limit: 2 })
  await catalog.points.replace('nas', new Map([['demo', [point('demo', '2026-11-20T03:00:00.000Z'), ...points]]]), at)
  assert.ok(next !== undefined)
  assert.deepEqual((await catalog.points.page('demo', { limit: 5, cursor: next })).points.map(({ point: { id } }) => id), points.slice(2).map(({ id }) => id))
  await assert.rejects(catalog.points.page('demo', { limit: 5, cursor: 'x' }), { code: 'usage' })
})

test('copies in several vaults are one point, told by the soundest of them', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const when = '2026-11-20T03:00:00.000Z'
  const { verifiedAt: _, ...unverified } = point('demo', when)
  const damaged = point('demo', when, { damagedAt: when })
  const verified = point('demo', when)
  const elsewhere = point('demo', when, { host: 'other machine' })
  await catalog.points.replace('a', new Map([['demo', [unverified]]]), at)
  await catalog.points.replace('b', new Map([['demo', [damaged]]]), at)
  await catalog.points.replace('c', new Map([['demo', [verified, elsewhere]]]), at)
  const { points, total } = await catalog.points.page('demo', { limit: 10 })
  assert.equal(total, 2)
  assert.deepEqual(points.map(({ point: { id }, copies }) => [id, copies.map(({ vault, snapshot }) => `${vault} ${snapshot.id}`)]), [
    [elsewhere.id, [`c ${elsewhere.id}`]],
    [verified.id, [`a ${unverified.id}`, `b ${damaged.id}`, `c ${verified.id}`]],
  ])
  for (const { id } of [unverified, damaged, verified]) assert.equal((await catalog.points.find('demo', id))?.point.id, verified.id)
})

test('what was once seen dated in the future is not taken as made at its time', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const [ahead, sound] = [point('demo', '2026-11-20T13:00:00.000Z'), point('demo', '2026-11-20T11:00:00.000Z')]
  await catalog.points.replace('nas', new Map([['demo', [ahead, sound]]]), new Date('2026-11-21T00:00:00Z'))
  assert.equal((await catalog.points.madeSince('demo', new Date(0))).get('nas')?.length, 2)
  await catalog.points.replace('nas', new Map([['demo', [ahead, sound]]]), at)
  await catalog.points.replace('nas', new Map([['demo', [{ ...ahead, warnings: 1 }, sound]]]), new Date('2026-11-21T00:00:00Z'))
  assert.deepEqual([...await catalog.points.madeSince('demo', new Date(0))], [['nas', [sound]]])
  assert.deepEqual([...await catalog.points.madeSince('demo', new Date('2026-11-20T11:00:01Z'))], [])
  assert.equal((await catalog.points.byVault('demo')).get('nas')?.length, 2)
})

test('two points of one moment in one vault stay two', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const twins = [point('demo', '2026-11-20T03:00:00.000Z'), point('demo', '2026-11-20T03:00:00.000Z')]
  await catalog.points.replace('nas', new Map([['demo', twins]]), at)
  assert.deepEqual((await catalog.points.page('demo', { limit: 10 })).points.map(({ point: { id } }) => id).sort(), twins.map(({ id }) => id))
  for (const { id } of twins) assert.equal((await catalog.points.find('demo', id))?.point.id, id)
})

test('sizes are those of sound points of the scope, oldest first, one a reading', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  const sound = daily('demo', 5, '2026-11-20T03:00:00.000Z')
  await catalog.points.replace('nas', new Map([['demo', [
    ...sound, ...daily('demo', 5, '2026-11-20T03:00:00.000Z', { slot: 'rolling', sizeBytes: 1 }),
    point('demo', '2026-11-20T05:00:00.000Z', { complete: false }), point('demo', '2026-11-20T05:00:00.000Z', { scope: 'database' }), point('demo', '2026-11-20T06:00:00.000Z', { damagedAt: '2026-11-20T06:00:00.000Z' }),
  ]]]), at)
  assert.deepEqual(await catalog.points.sizes('demo', 'full', 3), sound.slice(0, 3).toReversed().map(({ startedAt, sizeBytes }) => ({ at: startedAt, sizeBytes })))
})

test('what is no longer configured is forgotten', async (t) => {
  await using catalog = await openCatalog(join(temporaryFolder(t), 'c.sqlite'))
  for (const vault of ['nas', 'usb']) await catalog.points.replace(vault, new Map([['demo', daily('demo', 2, '2026-11-20T03:00:00.000Z')], ['old', daily('old', 2, '2026-11-20T03:00:00.000Z')]]), at)
  await catalog.points.keepOnly(new Map([['demo', ['nas']]]))
  assert.deepEqual([...(await catalog.points.byVault('demo')).keys()], ['nas'])
  assert.equal((await catalog.points.byVault('old')).size, 0)
  assert.equal((await catalog.points.page('old', { limit: 1 })).total, 0)
})
