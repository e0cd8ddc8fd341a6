import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { problemSchema } from '../../../src/model/api/problem.ts'
import { ticketSchema } from '../../../src/model/api/runs.ts'
import { demoMachine, RunningServer } from './running-server.ts'

const parts = ['a', 'b', 'c', 'd', 'e', 'f'] as const

test('what waits already is not asked for twice, and very much is refused', async () => {
  const machine = await demoMachine((m) => ({ apps: { demo: { root: m.app, parts: Object.fromEntries(parts.map((part) => [part, [`/${part}/`]])), hooks: { frozen: [{ command: `echo . >> ${m.folder}/begun; while [ ! -e ${m.folder}/go ]; do sleep 0.05; done` }] } } } }))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  await using server = await RunningServer.start(machine)
  const ask = async (path: string, body: unknown): Promise<string> => (await server.get(ticketSchema, 'POST', path, body, {}, 202)).ticket
  const first = await ask('/api/apps/demo/backup', {})
  await server.until('the first one runs', () => existsSync(join(machine.folder, 'begun')))
  const second = await ask('/api/apps/demo/backup', {})
  assert.notEqual(second, first)
  assert.equal(await ask('/api/apps/demo/backup', {}), second)
  assert.notEqual(await ask('/api/apps/demo/backup', { scope: 'database' }), second)
  // Until the first has ended all that differs waits, up to a limit.
  let refused = false
  for (let chosen = 1; chosen < 2 ** parts.length && !refused; chosen++) {
    const { status, json } = await server.ask('POST', '/api/apps/demo/backup', { scope: 'partial', without: parts.filter((_, bit) => (chosen >> bit) % 2 === 1) })
    refused = status === 429
    if (refused) assert.equal(problemSchema.parse(json).code, 'queue.full')
  }
  assert.ok(refused, 'nothing was refused')
  writeFileSync(join(machine.folder, 'go'), '')
  for (const ticket of [first, second]) assert.equal((await server.ended(ticket)).outcome, 'ok')
})
