import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { newMachine } from './machine.ts'

test('a place that is a link into the application is told to lie inside it', async () => {
  await using machine = await newMachine()
  mkdirSync(join(machine.app, 'backups'))
  writeFileSync(join(machine.app, 'a'), 'a')
  symlinkSync(join(machine.app, 'backups'), join(machine.folder, 'elsewhere'))
  const { stderr, stdout } = await machine.anyStatus(['backup', machine.app, '--to', join(machine.folder, 'elsewhere')], { config: false })
  assert.match(`${stdout}${stderr}`, /lies inside the application/)
})

test('a folder of the user\'s that serves as the place makes the point incomplete, and one of Holdfast\'s alone does not', async () => {
  await using machine = await newMachine()
  for (const folder of ['own', 'photos', 'photos/imported']) mkdirSync(join(machine.app, folder))
  writeFileSync(join(machine.app, 'a'), 'a')
  writeFileSync(join(machine.app, 'photos/imported/summer.jpg'), 'a photo')
  const inOwn = [machine.app, '--to', join(machine.app, 'own')]
  for (let count = 0; count < 2; count++) assert.equal((await machine.backup(inOwn))[0]?.complete, true)
  await machine.backup([...inOwn, '--format', 'folder'])
  // Cut off, so that it is listed no more.
  const damaged = readdirSync(join(machine.app, 'own')).find((name) => name.endsWith('.tar.gz')) ?? ''
  truncateSync(join(machine.app, 'own', damaged), 100)
  assert.equal((await machine.backup(inOwn))[0]?.complete, true)

  const inPhotos = ['backup', machine.app, '--to', join(machine.app, 'photos')]
  const { stdout, stderr } = await machine.holdfast(inPhotos, { status: 3 })
  assert.match(`${stdout}${stderr}`, /photos lies inside the application, .* saved nowhere: imported\. Give restore points a folder of their own/)
  assert.match(stdout, /saved, INCOMPLETE/)
  await machine.holdfast([...inPhotos, '--exclude', '/photos/'])
})

test('the log of an IOTstack backup of the same minute stays', async () => {
  await using machine = await newMachine()
  for (const folder of ['services', 'volumes', '.templates']) mkdirSync(join(machine.app, folder))
  for (const [name, text] of [['docker-compose.yml', 'services: {}\n'], ['menu.sh', '#!/bin/bash\n'], ['volumes/a', 'a']] as const) writeFileSync(join(machine.app, name), text)
  for (let round = 0; round < 3; round++) await machine.holdfast(['backup', machine.app, '--type', 'dated'], { config: false })
  const logs = readdirSync(join(machine.app, 'backups/logs')).map((name) => readFileSync(join(machine.app, 'backups/logs', name), 'utf8')).join('')
  assert.equal(logs.match(/^### End of log ###$/gm)?.length, 3)
})
