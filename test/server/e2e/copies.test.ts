import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pointsPageSchema } from '../../../src/model/api/overview.ts'
import { newMachine } from '../../e2e/machine.ts'
import { RunningServer } from './running-server.ts'

async function twoPlaces(): Promise<{ readonly server: RunningServer; readonly places: readonly string[] }> {
  const machine = await newMachine()
  const places = ['disk', 'second'].map((name) => join(machine.folder, name))
  for (const folder of [machine.app, ...places]) mkdirSync(folder, { recursive: true })
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  writeFileSync(machine.configFile, JSON.stringify({ apps: { demo: { root: machine.app } }, vaults: { disk: { type: 'archive', place: places[0] }, second: { type: 'archive', place: places[1] } }, state: machine.state }), { mode: 0o600 })
  return { server: await RunningServer.start(machine), places }
}

test('what is shown as one restore point is deleted in every destination', async () => {
  const { server: running, places } = await twoPlaces()
  await using server = running
  const archives = (): readonly number[] => places.map((place) => readdirSync(place).filter((name) => name.endsWith('.tar.gz')).length)
  for (let round = 0; round < 2; round++) assert.equal((await server.work('POST', '/api/apps/demo/backup', { scope: 'full' })).outcome, 'ok')
  assert.deepEqual(archives(), [2, 2])
  const list = async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points
  await server.until('both are listed', async () => (await list()).length === 2)
  const older = (await list()).at(-1)
  assert.deepEqual(older?.copies.map(({ vault }) => vault).toSorted(), ['disk', 'second'])
  assert.equal((await server.work('DELETE', `/api/apps/demo/points/${older?.id ?? ''}`, { confirm: 'demo' })).outcome, 'ok')
  assert.deepEqual(archives(), [1, 1])
})

test('a copy that is damaged is told, and another one is browsed, downloaded and restored', async () => {
  const { server: running, places } = await twoPlaces()
  await using server = running
  assert.equal((await server.work('POST', '/api/apps/demo/backup', { scope: 'full' })).outcome, 'ok')
  // The first by name is the one that breaks.
  const [disk = ''] = places
  const name = readdirSync(disk).find((candidate) => candidate.endsWith('.tar.gz')) ?? ''
  const whole = readFileSync(join(disk, name))
  const broken = Buffer.from(whole)
  broken[Math.floor(broken.length / 2)] = (broken[Math.floor(broken.length / 2)] ?? 0) ^ 0xff
  writeFileSync(join(disk, name), broken)
  const point = async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points[0]
  await server.until('it is listed', async () => (await point()) !== undefined)
  const id = (await point())?.id ?? ''
  assert.notEqual((await server.work('POST', `/api/apps/demo/points/${id}/verify`)).outcome, 'ok', 'every copy is verified')
  await server.until('the damage is told', async () => (await point())?.copies.some(({ damagedAt }) => damagedAt !== undefined) === true)
  const told = await point()
  assert.deepEqual(told?.copies.map(({ vault, damagedAt }) => [vault, damagedAt !== undefined]), [['disk', true], ['second', false]])
  assert.equal(told.damagedAt, undefined, 'the whole is as sound as its soundest copy')

  const damagedId = told.copies.find(({ vault }) => vault === 'disk')?.id ?? ''
  for (const asked of [told.id, damagedId]) {
    const downloaded = await server.ask('GET', `/api/apps/demo/points/${asked}/download`)
    assert.equal(downloaded.status, 200)
    assert.ok(downloaded.bytes.equals(readFileSync(join(places[1] ?? '', name))), 'the whole copy comes')
    const plan = await server.work('POST', '/api/apps/demo/restore/plan', { point: asked, what: 'all' })
    assert.equal(plan.outcome, 'ok', JSON.stringify(plan.error))
  }
})
