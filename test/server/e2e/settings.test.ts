import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { overviewSchema } from '../../../src/model/api/overview.ts'
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
