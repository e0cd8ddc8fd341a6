import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { overviewSchema, pointsPageSchema } from '../../../src/model/api/overview.ts'
import { runsPageSchema } from '../../../src/model/api/runs.ts'
import { demoMachine, RunningServer } from './running-server.ts'

const apps = ['demo', 'other'] as const

async function listed(server: RunningServer): Promise<unknown> {
  return await Promise.all(apps.map(async (app) => {
    const { points, total } = await server.get(pointsPageSchema, 'GET', `/api/apps/${app}/points`)
    const { runs } = await server.get(runsPageSchema, 'GET', `/api/apps/${app}/runs`)
    return { app, total, points, runs }
  }))
}

test('a catalog that was lost while the server was down is made again from the places and the journals', async () => {
  const machine = await demoMachine((m) => ({
    apps: { demo: { root: m.app, hooks: { frozen: [{ command: `! test -e ${m.folder}/broken` }] } }, other: { root: m.app } },
    vaults: { disk: { type: 'archive', place: join(m.folder, 'disk') }, second: { type: 'archive', place: join(m.folder, 'second') } },
  }))
  for (const name of ['disk', 'second']) mkdirSync(join(machine.folder, name))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  await using server = await RunningServer.start(machine)
  for (const app of apps) assert.equal((await server.work('POST', `/api/apps/${app}/backup`, {})).outcome, 'ok')
  assert.equal((await server.work('POST', '/api/apps/demo/backup', { scope: 'partial' })).outcome, 'ok')
  const runs = async () => (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs
  const points = async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points
  await server.until('all is listed', async () => (await points()).length === 2)
  const [newest] = await points()
  assert.equal((await server.work('POST', `/api/apps/demo/points/${newest?.id ?? ''}/verify`)).outcome, 'ok')
  writeFileSync(join(machine.folder, 'broken'), '')
  assert.equal((await server.work('POST', '/api/apps/demo/backup', {})).outcome, 'failed')
  await server.until('all runs are listed', async () => (await runs()).map(({ kind, outcome }) => `${kind} ${outcome ?? ''}`).join() === 'backup failed,verify ok,verify ok,backup ok,backup ok')
  assert.deepEqual((await points()).map(({ copies }) => copies.map(({ vault }) => vault).toSorted()), [['disk', 'second'], ['disk', 'second']])
  const before = await listed(server)

  await server.end()
  const data = join(machine.state, '.server')
  assert.ok(existsSync(join(data, 'catalog.sqlite')))
  for (const name of readdirSync(data)) if (name.startsWith('catalog.sqlite')) rmSync(join(data, name))
  await server.begin()
  await server.until('all were looked at', async () => (await server.get(overviewSchema, 'GET', '/api/apps')).apps.length === apps.length)
  await server.until('the runs of both are there', async () => (await runs()).length === 5)
  await server.until('the points of both are there', async () => (await Promise.all(apps.map(async (app) => (await server.get(pointsPageSchema, 'GET', `/api/apps/${app}/points`)).total))).join() === '2,1')
  assert.deepEqual(await listed(server), before)
  assert.ok(existsSync(join(data, 'catalog.sqlite')))
})
