import assert from 'node:assert/strict'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { overviewSchema } from '../../../src/model/api/overview.ts'
import { runsPageSchema } from '../../../src/model/api/runs.ts'
import { demoMachine, passwords, RunningServer } from './running-server.ts'

const configTextSchema = z.object({ etag: z.string(), text: z.string() })

async function change(server: RunningServer, path: readonly string[], value: unknown): Promise<void> {
  const { etag } = await server.get(configTextSchema, 'GET', '/api/config')
  await server.get(configTextSchema, 'PATCH', '/api/config', { etag, changes: [{ path, value }] })
}

test('what takes a restart is used after one, and until then it is told', async () => {
  await using server = await RunningServer.start(await demoMachine())
  await server.get(z.object({ elevatedUntil: z.string() }), 'POST', '/api/step-up', { password: passwords.admin })
  const reporting = async (path = '/api/apps'): Promise<readonly string[]> => (await server.get(overviewSchema, 'GET', path)).reporting.map(({ name }) => name)
  await change(server, ['server', 'parallel'], 2)
  assert.deepEqual(await reporting(), [], 'this is used at once')
  for (const [path, value] of [[['server', 'basePath'], '/elsewhere/'], [['state'], join(server.machine.folder, 'other-state')]] as const) {
    await change(server, path, value)
    assert.deepEqual(await reporting(), ['server'], 'it goes on where it was')
    await change(server, path, null)
    assert.deepEqual(await reporting(), [])
  }
  await change(server, ['server', 'basePath'], '/elsewhere/')
  await server.end()
  await server.begin()
  assert.match(server.url, /\/elsewhere\/$/)
  assert.deepEqual(await reporting('/elsewhere/api/apps'), [])
})

test('a schedule that is written into the configuration by hand while the server runs starts a backup, and a mistake is told', async () => {
  const machine = await demoMachine()
  writeFileSync(join(machine.app, 'a'), 'a')
  await using server = await RunningServer.start(machine)
  const overview = async (): Promise<z.infer<typeof overviewSchema>> => await server.get(overviewSchema, 'GET', '/api/apps')
  const write = (text: string): void => {
    // As editors do: a new file takes the old one's name.
    writeFileSync(`${machine.configFile}.new`, text, { mode: 0o600 })
    renameSync(`${machine.configFile}.new`, machine.configFile)
  }
  write('apps: {demo: {rooot: /nowhere}}\n')
  await server.until('the mistake is told', async () => (await overview()).reporting.some(({ name, text }) => name === 'configuration' && text.includes('rooot')))
  assert.deepEqual((await overview()).apps.map(({ name }) => name), ['demo'], 'what held before holds')
  write(`apps:\n  demo:\n    root: ${machine.app}\n    schedule: '* * * * *'\nplace: ${machine.place}\n`)
  await server.until('it is in use', async () => (await overview()).apps.every(({ schedule }) => schedule?.next !== undefined))
  assert.deepEqual((await overview()).reporting, [])
  await server.until('the schedule has made a restore point', async () => (await overview()).apps[0]?.newest !== undefined, 80_000)
  const { runs } = await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')
  assert.deepEqual([...new Set(runs.map(({ kind, outcome }) => `${kind} ${outcome}`))], ['backup ok'])
  rmSync(machine.configFile)
  await sleep(3000)
  assert.deepEqual((await overview()).apps.map(({ name }) => name), ['demo'], 'a file that vanished takes no application away')
})
