import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { z } from 'zod'
import type { JeedomServer } from '../report/jeedom-server.ts'
import { jeedomServer } from '../report/jeedom-server.ts'
import { newMachine } from './machine.ts'
import type { Machine } from './machine.ts'

const key = 'S3cr3tKey0123456789'
const statusSchema = z.object({ action: z.string(), update: z.number(), errorLogBackup: z.number(), backup: z.object({ local: z.object({ fileName: z.string(), fileSize: z.number(), erreurFileSize: z.number(), error: z.number() }) }) })

async function machineWithJeedom(server: JeedomServer, app: object = {}): Promise<Machine> {
  const machine = await newMachine()
  await writeFile(join(machine.app, 'letter'), 'hello')
  const jeedom = { url: server.url, apiKey: key, event: 11, outcome: 12, status: 13 }
  await machine.configure({ apps: { demo: { root: machine.app, jeedom, expect: { minSize: '1B' }, ...app } }, place: machine.place })
  return machine
}

/** The values of one command, in the order in which they came. */
function told(server: JeedomServer, id: number): string[] {
  return server.asked.filter(({ query }) => query['id'] === String(id)).map(({ query }) => query['value'] ?? '')
}

async function tile(machine: Machine): Promise<z.infer<typeof statusSchema>> {
  const { stdout, stderr } = await machine.holdfast(['status', '--format', 'jeedom', '--app', 'demo'])
  assert.equal(stdout.trimEnd().split('\n').length, 1, stderr)
  return statusSchema.parse(JSON.parse(stdout))
}

test('[Jeedom] begin and end of a backup and a restore are told, a dry run is not, and the key is nowhere', async () => {
  await using server = await jeedomServer()
  await using machine = await machineWithJeedom(server)
  assert.equal((await tile(machine)).action, '')
  const { stdout, stderr } = await machine.holdfast(['backup', 'demo', '--before-update'])
  assert.deepEqual([told(server, 11), told(server, 12)], [['begin_backup', 'end_backup'], ['ok']])
  const [begun, ended] = told(server, 13).map((value) => statusSchema.parse(JSON.parse(value)))
  assert.deepEqual([begun?.action, begun?.update, ended?.action, ended?.update, ended?.errorLogBackup], ['startUpdate', 1, 'endBackup', 0, 0])
  const archive = (await readdir(machine.place)).find((name) => name.endsWith('.tar.gz'))
  assert.deepEqual([ended?.backup.local.fileName, ended?.backup.local.error, ended?.backup.local.erreurFileSize], [archive, 0, 0])
  assert.deepEqual(await tile(machine), ended, 'what is told is what is to be asked for')

  server.asked.length = 0
  await machine.holdfast(['restore', 'latest', '--dry-run'])
  assert.deepEqual(server.asked, [], 'a dry run is nothing')
  await machine.holdfast(['restore', 'latest', '--no-ask'])
  assert.deepEqual([told(server, 11), told(server, 12), told(server, 13)], [['begin_restore', 'end_restore'], ['ok'], []])

  assert.ok(server.asked.every(({ query }) => query['apikey'] === key))
  const all = stdout + stderr + await machine.journals('.log') + await machine.journals('.ndjson')
  assert.ok(!all.includes(key))
})

test('[Jeedom] a backup whose hook fails, and one that is interrupted, tell their end', async () => {
  await using server = await jeedomServer()
  await using machine = await machineWithJeedom(server, { hooks: { frozen: [{ command: '[ -e stop ] || exit 1; touch ../begun; exec sleep 60' }] } })
  await machine.holdfast(['backup', 'demo'], { status: 1 })
  assert.deepEqual([told(server, 11), told(server, 12)], [['begin_backup', 'end_backup'], ['failed']])
  assert.equal(statusSchema.parse(JSON.parse(told(server, 13)[1] ?? '')).errorLogBackup, 1)
  server.asked.length = 0
  await writeFile(join(machine.app, 'stop'), '')
  let pid = 0
  const run = machine.holdfast(['backup', 'demo'], { status: 130, started: (started) => { pid = started } })
  for (let waited = 0; !(await readdir(machine.folder)).includes('begun') && waited < 600; waited++) await sleep(50)
  assert.equal((await tile(machine)).action, 'startBackup')
  process.kill(pid, 'SIGINT')
  await run
  assert.deepEqual([told(server, 11), told(server, 12)], [['begin_backup', 'end_backup'], ['interrupted']])
})

test('[Jeedom] a run that was killed is not running for ever', async () => {
  await using server = await jeedomServer()
  await using machine = await machineWithJeedom(server, { hooks: { frozen: [{ command: 'echo $$ > ../hook; touch ../begun; exec sleep 60' }] } })
  let pid = 0
  const run = machine.anyStatus(['backup', 'demo'], { started: (started) => { pid = started } })
  for (let waited = 0; !(await readdir(machine.folder)).includes('begun') && waited < 600; waited++) await sleep(50)
  assert.equal((await tile(machine)).action, 'startBackup')
  process.kill(pid, 'SIGKILL')
  process.kill(Number(await readFile(join(machine.folder, 'hook'), 'utf8')), 'SIGKILL')
  await run
  const { action, errorLogBackup } = await tile(machine)
  assert.deepEqual([action, errorLogBackup], ['endBackup', 1])
  assert.deepEqual(told(server, 11), ['begin_backup'])
  await machine.holdfast(['status', '--format', 'jeedom', '--send'])
  assert.equal(statusSchema.parse(JSON.parse(told(server, 13).at(-1) ?? '')).action, 'endBackup', 'a cron line that sends it mends the tile')
})

test('[Jeedom] what goes wrong with the events is a note and changes nothing of the backup', async () => {
  await using server = await jeedomServer()
  await using machine = await machineWithJeedom(server)
  server.answer = { status: 200, text: `Clé API non valide : ${key}` }
  const refused = await machine.holdfast(['backup', 'demo'])
  assert.match(refused.stderr, /note: Jeedom at 127\.0\.0\.1:\d+ refused the event: Clé API non valide : \*\*\* \(the backup itself is not concerned\)/)
  await machine.configure({ apps: { demo: { root: machine.app, jeedom: { url: 'http://127.0.0.1:9', apiKey: { env: 'NOT_SET' }, event: 1 } } }, place: machine.place })
  const keyless = await machine.holdfast(['backup', 'demo'])
  assert.match(keyless.stderr, /note: The environment variable NOT_SET is not set/)
  assert.equal((await machine.points()).length, 2)
  assert.ok((await machine.points()).every(({ complete }) => complete))
  assert.ok(!(refused.stdout + refused.stderr + await machine.journals('.ndjson')).includes(key))
})
