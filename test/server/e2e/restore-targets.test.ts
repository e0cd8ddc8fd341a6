import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, suite, test } from 'node:test'
import { newMachine } from '../../e2e/machine.ts'
import { restorePlanSchema } from '../../../src/model/api/restore.ts'
import type { RestorePlan, RestoreRequest } from '../../../src/model/api/restore.ts'
import { appCardSchema, pointsPageSchema } from '../../../src/model/api/overview.ts'
import type { AppCard } from '../../../src/model/api/overview.ts'
import { uploadSchema } from '../../../src/model/api/settings.ts'
import type { Upload } from '../../../src/model/api/settings.ts'
import { RunningServer } from './running-server.ts'

suite('where a restore goes, over HTTP', () => {
  let server: RunningServer
  let shop: string
  let other: string
  let point: string

  before(async () => {
    const machine = await newMachine()
    shop = join(machine.folder, 'apps/shop')
    other = join(machine.folder, 'apps/other')
    for (const root of [shop, other]) {
      mkdirSync(root, { recursive: true })
      writeFileSync(join(root, 'index.txt'), root)
    }
    const fresh = join(machine.folder, 'fresh')
    mkdirSync(join(fresh, 'backups'), { recursive: true })
    writeFileSync(join(fresh, 'a.txt'), 'a')
    await machine.configure({
      apps: { shop: { root: shop, vaults: ['disk'] }, other: { root: other, vaults: ['disk'] }, fresh: { root: fresh, vaults: ['within', 'disk'] } },
      vaults: { disk: { type: 'archive', place: machine.place }, within: { type: 'archive', place: join(fresh, 'backups') } },
    })
    server = await RunningServer.start(machine)
    for (const app of ['shop', 'other']) assert.equal((await server.work('POST', `/api/apps/${app}/backup`, {})).outcome, 'ok')
    await server.until('the point is listed', async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/shop/points')).total === 1)
    point = (await server.get(pointsPageSchema, 'GET', '/api/apps/shop/points')).points[0]?.id ?? ''
  })
  after(async () => await server[Symbol.asyncDispose]())

  const planOf = async (asked: Partial<RestoreRequest>): Promise<RestorePlan> => restorePlanSchema.parse((await server.work('POST', '/api/apps/shop/restore/plan', { point, ...asked })).result)

  test('a destination is not called failing for what was never saved, nor fine where it lies inside the application; a copy is no further point', async () => {
    const card = async (): Promise<AppCard> => await server.get(appCardSchema, 'GET', '/api/apps/fresh')
    const states = ({ destinations }: AppCard): unknown => destinations.map(({ name, state }) => [name, state])
    assert.deepEqual(states(await card()), [['within', 'warning'], ['disk', 'warning']])
    for (let round = 0; round < 2; round++) assert.equal((await server.work('POST', '/api/apps/fresh/backup', {})).outcome, 'ok')
    await server.until('both points are seen', async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/fresh/points')).total === 2)
    const saved = await card()
    assert.deepEqual([states(saved), saved.points], [[['within', 'warning'], ['disk', 'ok']], 2])
    assert.match(saved.destinations[0]?.text ?? '', /lies inside the application/)
    assert.equal(saved.noDatabases, true, 'the dashboard offers no backup of its databases')
  })

  test('an uploaded archive says whose it is, and one of another application is restored only where that is meant', async () => {
    const [made] = (await server.get(pointsPageSchema, 'GET', '/api/apps/other/points')).points
    const archive = readFileSync(join(server.machine.place, made?.key ?? ''))
    const upload = async (app: string): Promise<Upload> => {
      const { id } = await server.get(uploadSchema, 'POST', '/api/uploads', { app, name: 'backup.tar.gz', sizeBytes: archive.length }, {}, 201)
      await server.get(uploadSchema, 'PATCH', `/api/uploads/${id}?offset=0`, undefined, { raw: archive })
      await server.until('it was checked', async () => (await server.get(uploadSchema, 'GET', `/api/uploads/${id}`)).state === 'ready')
      return await server.get(uploadSchema, 'GET', `/api/uploads/${id}`)
    }
    const facts = { app: 'other', host: made?.host, startedAt: made?.startedAt }
    assert.deepEqual((await upload('other')).about, { ...facts, isOther: false })
    const { id, about } = await upload('shop')
    assert.deepEqual(about, { ...facts, isOther: true })
    const asked = { point: `upload:${id}`, confirm: 'shop' }
    assert.equal((await planOf({ point: asked.point })).overwritten, 1)
    for (const otherApplication of [undefined, 'shop']) assert.equal(await server.refused('POST', '/api/apps/shop/restore', { ...asked, otherApplication }), '400 restore.confirm')
    assert.equal(readFileSync(join(shop, 'index.txt'), 'utf8'), shop)
    assert.equal((await server.work('POST', '/api/apps/shop/restore', { ...asked, otherApplication: 'other' })).outcome, 'ok')
    assert.equal(readFileSync(join(shop, 'index.txt'), 'utf8'), other)
    assert.equal((await server.work('POST', '/api/apps/shop/restore/undo')).outcome, 'ok')
  })

  test('never into a folder of the system, whatever is confirmed', async () => {
    for (const target of ['/', '/etc', '/home', '/usr/lib', '/var/../etc']) {
      const plan = await server.work('POST', '/api/apps/shop/restore/plan', { point, target })
      assert.equal(plan.error?.code, 'restore.target', target)
      assert.match(plan.error?.message ?? '', /is a folder of the system/)
    }
  })

  test('only what was confirmed: a file that came after the plan stays, and the new plan names it', async () => {
    writeFileSync(join(shop, 'stray.txt'), 'stray')
    using database = new DatabaseSync(join(shop, 'orders.db'))
    database.exec('CREATE TABLE orders (id INTEGER PRIMARY KEY)')
    const { digest, deleted, databaseFiles } = await planOf({})
    assert.deepEqual([deleted, databaseFiles], [2, { overwritten: [], deleted: ['orders.db'] }], 'databases that would go are named')
    writeFileSync(join(shop, 'thesis.txt'), 'written after the plan')
    const refused = await server.work('POST', '/api/apps/shop/restore', { point, confirm: 'shop', plan: digest })
    assert.equal(refused.error?.code, 'restore.plan-changed')
    assert.deepEqual(readdirSync(shop), ['index.txt', 'orders.db', 'stray.txt', 'thesis.txt'])
    const again = await planOf({})
    assert.ok(again.samples.deleted.includes('thesis.txt'))
    assert.equal((await server.work('POST', '/api/apps/shop/restore', { point, confirm: 'shop', plan: again.digest })).outcome, 'ok')
    assert.deepEqual(readdirSync(shop), ['index.txt'])
    for (const plan of ['', 'x'.repeat(32), '--json']) assert.equal(await server.refused('POST', '/api/apps/shop/restore', { point, confirm: 'shop', plan }), '400 usage')
  })

  test('into the folder of another application, above it or within it, only by that application\'s name', async () => {
    for (const [target, how] of [[other, 'same'], [join(other, 'deeper'), 'within']] as const) {
      const plan = await planOf({ target })
      assert.deepEqual([plan.confirm, plan.touches], ['other', [{ name: 'other', root: other, how }]])
      for (const confirm of ['shop', undefined]) assert.equal(await server.refused('POST', '/api/apps/shop/restore', { point, target, confirm }), '400 restore.confirm')
    }
    const { outcome, elsewhere, runApp, run } = await server.work('POST', '/api/apps/shop/restore', { point, target: other, confirm: 'other' })
    assert.deepEqual([outcome, elsewhere?.folder, runApp], ['ok', other, 'other'])
    assert.equal((await server.ask('GET', `/api/apps/other/runs/${run}/log`)).status, 200, 'its journal is that of the application that was changed')
    assert.equal((await server.work('POST', '/api/apps/other/restore/undo')).outcome, 'ok')
    const above = await planOf({ target: join(shop, '..') })
    assert.deepEqual(above.touches.map(({ name, how }) => [name, how]), [['shop', 'holds'], ['other', 'holds']])
    assert.equal(readFileSync(join(other, 'index.txt'), 'utf8'), other)
    const inPlace = await planOf({})
    assert.deepEqual([inPlace.confirm, inPlace.touches], ['shop', []])
    const beside = await planOf({ target: join(server.machine.folder, 'new') })
    assert.deepEqual([beside.confirm, beside.touches], ['shop', []])
  })

  test('into any other folder, and what was there comes back once, by an admin alone', async () => {
    const target = join(server.machine.folder, 'elsewhere')
    mkdirSync(target)
    writeFileSync(join(target, 'thesis.txt'), 'precious')
    const { ticket, outcome, elsewhere } = await server.work('POST', '/api/apps/shop/restore', { point, target, confirm: 'shop' })
    assert.equal(outcome, 'ok')
    assert.deepEqual(readdirSync(target), ['index.txt'])
    assert.ok(elsewhere?.undo.endsWith(` restore --undo --target ${target}`))
    const undo = `/api/apps/shop/restore/undo/${ticket}`
    assert.equal(await server.refused('POST', undo, undefined, { as: 'operator' }), '403 access.denied')
    assert.equal(await server.refused('POST', `/api/apps/other/restore/undo/${ticket}`), '404 vault.unknown-point')
    assert.equal((await server.work('POST', undo)).outcome, 'ok')
    assert.deepEqual(readdirSync(target), ['thesis.txt'])
    assert.equal(await server.refused('POST', undo), '409 restore.failed')
    const planned = await server.work('POST', '/api/apps/shop/restore/plan', { point })
    assert.equal(await server.refused('POST', `/api/apps/shop/restore/undo/${planned.ticket}`), '404 vault.unknown-point')
  })
})
