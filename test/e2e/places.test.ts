import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
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

test('the log of an IOTstack backup of the same minute stays', async () => {
  await using machine = await newMachine()
  for (const folder of ['services', 'volumes', '.templates']) mkdirSync(join(machine.app, folder))
  for (const [name, text] of [['docker-compose.yml', 'services: {}\n'], ['menu.sh', '#!/bin/bash\n'], ['volumes/a', 'a']] as const) writeFileSync(join(machine.app, name), text)
  for (let round = 0; round < 3; round++) await machine.holdfast(['backup', machine.app, '--type', 'dated'], { config: false })
  const logs = readdirSync(join(machine.app, 'backups/logs')).map((name) => readFileSync(join(machine.app, 'backups/logs', name), 'utf8')).join('')
  assert.equal(logs.match(/^### End of log ###$/gm)?.length, 3)
})
