import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { overviewSchema } from '../../../src/model/api/overview.ts'
import { ticketSchema } from '../../../src/model/api/runs.ts'
import { demoMachine, RunningServer } from './running-server.ts'

const apps = ['one', 'two', 'three'] as const

test('as many applications as the configuration says are backed up at once, never one of them twice, and all end well', async () => {
  // What each run notes at its begin and end, in the order in which it happened.
  const mark = (folder: string, app: string): string => `echo '+ ${app}' >> ${folder}/seen; sleep 0.8; echo '- ${app}' >> ${folder}/seen`
  const machine = await demoMachine((m) => ({
    apps: Object.fromEntries(apps.map((app) => [app, { root: m.app, hooks: { frozen: [{ command: mark(m.folder, app) }] } }])), server: { parallel: 2 },
  }))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  await using server = await RunningServer.start(machine)
  const tickets: string[] = []
  for (const app of ['one', 'one', 'two', 'three']) tickets.push((await server.get(ticketSchema, 'POST', `/api/apps/${app}/backup`, {}, {}, 202)).ticket)
  let waited = false
  await server.until('two of them run while one waits', async () => {
    const cards = (await server.get(overviewSchema, 'GET', '/api/apps')).apps
    waited ||= cards.filter(({ running }) => running !== undefined).length === 2 && cards.some(({ queued, running }) => queued && running === undefined)
    return waited
  })
  for (const ticket of tickets) assert.equal((await server.ended(ticket)).outcome, 'ok')
  const seen = readFileSync(join(machine.folder, 'seen'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(seen.toSorted(), ['one', 'one', 'two', 'three'].flatMap((app) => [`+ ${app}`, `- ${app}`]).toSorted())
  const running = new Set<string>()
  const atOnce = seen.map((line) => {
    const app = line.slice(2)
    assert.notEqual(running.has(app), line.startsWith('+'), `${line}: ${seen.join()}`)
    if (line.startsWith('+')) running.add(app)
    else running.delete(app)
    return running.size
  })
  assert.equal(Math.max(...atOnce), 2, seen.join())
})
