import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { pointsPageSchema } from '../../../src/model/api/overview.ts'
import { restorePlanSchema } from '../../../src/model/api/restore.ts'
import { runEventSchema } from '../../../src/model/run-event.ts'
import type { RunEvent } from '../../../src/model/run-event.ts'
import { beforeUpdateCode } from '../../../src/report/jeedom-status.ts'
import { startMariadb } from '../../fixtures/mariadb-server.ts'
import { demoMachine, RunningServer } from './running-server.ts'

test('a database is restored under another name beside the one that is there', async () => {
  await using mariadb = await startMariadb()
  await mariadb.sql('CREATE DATABASE shop; CREATE TABLE shop.t (id int PRIMARY KEY, word text); INSERT INTO shop.t VALUES (1, \'eins\'), (2, \'zwei\'), (3, NULL)')
  const machine = await demoMachine((m) => ({ apps: { demo: { root: m.app, databases: [{ type: 'mariadb', name: 'shop', socket: mariadb.socket, user: 'root' }] } } }))
  writeFileSync(join(machine.app, 'a.txt'), 'as it was')
  await using server = await RunningServer.start(machine)
  assert.equal((await server.work('POST', '/api/apps/demo/backup', {})).outcome, 'ok')
  // The list follows the end of the run by a moment.
  await server.until('it is listed', async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points.length === 1)
  const { points: [point] } = await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')
  writeFileSync(join(machine.app, 'a.txt'), 'as it is')
  await mariadb.sql('UPDATE shop.t SET word = \'changed\'; INSERT INTO shop.t VALUES (4, \'new\')')
  const changed = await mariadb.sql('SELECT * FROM shop.t ORDER BY id')

  const asked = { point: point?.id, what: 'database', databases: { shop: 'shop_copy' } }
  assert.equal(await server.refused('POST', '/api/apps/demo/restore/plan', asked, { as: 'operator' }), '403 access.denied', 'another name may be another application\'s')
  const planned = await server.work('POST', '/api/apps/demo/restore/plan', asked)
  assert.equal(planned.outcome, 'ok', JSON.stringify(planned.error))
  assert.match(restorePlanSchema.parse(planned.result).command, / --db-name shop=shop_copy$/)
  assert.equal(await mariadb.sql('SHOW DATABASES LIKE \'shop%\''), 'shop\n', 'a plan makes nothing')
  const done = await server.work('POST', '/api/apps/demo/restore', { ...asked, confirm: 'demo' })
  assert.equal(done.outcome, 'ok', JSON.stringify(done.error))
  assert.equal(await mariadb.sql('SELECT * FROM shop_copy.t ORDER BY id'), '1\teins\n2\tzwei\n3\tNULL\n')
  assert.equal(await mariadb.sql('SELECT * FROM shop.t ORDER BY id'), changed, 'the one that is there is not touched')
  assert.equal(readFileSync(join(machine.app, 'a.txt'), 'utf8'), 'as it is', 'nor are files')
  assert.equal(await mariadb.sql('SHOW DATABASES LIKE \'%shop%\''), 'shop\nshop_copy\n', 'nothing else was left there')
})

test('a backup that an update waits for says so in its journal, and to Jeedom while it runs', async () => {
  const machine = await demoMachine((m) => ({ apps: { demo: { root: m.app, hooks: { frozen: [{ command: 'sleep 1.5' }] } } } }))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  await using server = await RunningServer.start(machine)
  const journals = (): readonly (readonly RunEvent[])[] => readdirSync(join(machine.state, 'demo/runs')).filter((name) => name.endsWith('.ndjson')).sort()
    .map((name) => readFileSync(join(machine.state, 'demo/runs', name), 'utf8').trimEnd().split('\n').map((line) => runEventSchema.parse(JSON.parse(line))))
  const notes = (events: readonly RunEvent[] | undefined): readonly string[] => (events ?? []).flatMap((event) => event.type === 'run.note' ? [event.code] : [])
  const jeedomSchema = z.object({ action: z.string(), update: z.number() })
  const told = async (): Promise<unknown> => jeedomSchema.parse((await server.ask('GET', '/api/apps/demo/jeedom')).json)
  for (const [body, action, update] of [[{ beforeUpdate: true }, 'startUpdate', 1], [{ beforeUpdate: false }, 'startBackup', 0]] as const) {
    const work = server.work('POST', '/api/apps/demo/backup', body)
    await server.until(`the tile says ${action}`, async () => JSON.stringify(await told()) === JSON.stringify({ action, update }))
    const { outcome, command } = await work
    assert.equal(outcome, 'ok')
    assert.equal(command.endsWith(' --before-update'), update === 1, command)
    assert.equal(notes(journals().at(-1)).filter((code) => code === beforeUpdateCode).length, update)
    await server.until('it has ended', async () => jeedomSchema.parse(await told()).action === 'endBackup')
    assert.deepEqual(await told(), { action: 'endBackup', update: 0 })
  }
})
