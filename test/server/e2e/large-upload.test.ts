import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { uploadSchema } from '../../../src/model/api/settings.ts'
import { demoMachine, RunningServer } from './running-server.ts'

test('an archive of 20 MB is uploaded in one request, checked, and restored as it was', async () => {
  const machine = await demoMachine()
  const scan = randomBytes(20_000_000)
  writeFileSync(join(machine.app, 'scan.tiff'), scan)
  await using server = await RunningServer.start(machine)
  const [point] = await machine.backup(['demo'])
  const archive = readFileSync(join(machine.place, point?.key ?? ''))
  assert.ok(archive.length > 20_000_000)
  const { id } = await server.get(uploadSchema, 'POST', '/api/uploads', { app: 'demo', name: 'large.tar.gz', sizeBytes: archive.length }, {}, 201)
  assert.equal((await server.get(uploadSchema, 'PATCH', `/api/uploads/${id}?offset=0`, undefined, { raw: archive })).receivedBytes, archive.length)
  await server.until('it was checked', async () => (await server.get(uploadSchema, 'GET', `/api/uploads/${id}`)).state === 'ready')
  writeFileSync(join(machine.app, 'scan.tiff'), 'broken')
  assert.equal((await server.work('POST', '/api/apps/demo/restore', { point: `upload:${id}`, confirm: 'demo' })).outcome, 'ok')
  assert.equal(createHash('sha256').update(readFileSync(join(machine.app, 'scan.tiff'))).digest('hex'), createHash('sha256').update(scan).digest('hex'))
})
