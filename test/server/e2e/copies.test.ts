import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pointsPageSchema } from '../../../src/model/api/overview.ts'
import { newMachine } from '../../e2e/machine.ts'
import { RunningServer } from './running-server.ts'

test('what is shown as one restore point is deleted in every destination', async () => {
  const machine = await newMachine()
  const places = ['disk', 'second'].map((name) => join(machine.folder, name))
  for (const folder of [machine.app, ...places]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  writeFileSync(machine.configFile, JSON.stringify({ apps: { demo: { root: machine.app } }, vaults: { disk: { type: 'archive', place: places[0] }, second: { type: 'archive', place: places[1] } }, state: machine.state }), { mode: 0o600 })
  await using server = await RunningServer.start(machine)
  const archives = (): readonly number[] => places.map((place) => readdirSync(place).filter((name) => name.endsWith('.tar.gz')).length)
  for (let round = 0; round < 2; round++) assert.equal((await server.work('POST', '/api/apps/demo/backup', { scope: 'full' })).outcome, 'ok')
  assert.deepEqual(archives(), [2, 2])
  const list = async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points
  await server.until('both are listed', async () => (await list()).length === 2)
  const older = (await list()).at(-1)
  assert.deepEqual(older?.vaults.toSorted(), ['disk', 'second'])
  assert.equal((await server.work('DELETE', `/api/apps/demo/points/${older?.id ?? ''}`, { confirm: 'demo' })).outcome, 'ok')
  assert.deepEqual(archives(), [1, 1])
})
