import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { overviewSchema, pointsPageSchema } from '../../../src/model/api/overview.ts'
import { runsPageSchema, ticketSchema } from '../../../src/model/api/runs.ts'
import { demoMachine, RunningServer } from './running-server.ts'

test('a server that is asked to end ends its runs, which leave nothing half made, and tells of them when it is back', async () => {
  const machine = await demoMachine((m) => ({
    apps: { demo: { root: m.app, hooks: { frozen: [{ command: 'sleep 60' }] } }, other: { root: m.folder } }, server: { parallel: 1 },
  }))
  writeFileSync(join(machine.app, 'a'), 'a')
  await using server = await RunningServer.start(machine)
  await server.get(ticketSchema, 'POST', '/api/apps/demo/backup', {}, {}, 202)
  // It waits for the first to end.
  await server.get(ticketSchema, 'POST', '/api/apps/other/backup', {}, {}, 202)
  await server.until('the run is under way', async () => (await server.get(overviewSchema, 'GET', '/api/apps')).apps.some(({ name, running }) => name === 'demo' && running !== undefined))
  const startMs = performance.now()
  assert.equal(await server.end('SIGTERM'), 0)
  assert.ok(performance.now() - startMs < 25_000)
  assert.deepEqual(readdirSync(machine.place), [], 'nothing half made')
  await server.begin()
  await server.until('its run is listed', async () => (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs.length > 0)
  const { runs } = await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')
  assert.deepEqual(runs.map(({ kind, outcome }) => [kind, outcome]), [['backup', 'interrupted']])
  assert.deepEqual((await server.get(runsPageSchema, 'GET', '/api/apps/other/runs')).runs, [], 'what waited was not begun')
  assert.deepEqual((await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points, [])
  await server.until('all is looked at', async () => (await server.get(overviewSchema, 'GET', '/api/apps')).unseen === 0)
  const card = (await server.get(overviewSchema, 'GET', '/api/apps')).apps.find(({ name }) => name === 'demo')
  assert.equal(card?.running, undefined)
  assert.notEqual(card?.status.state, 'ok')
})
