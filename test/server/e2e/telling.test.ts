import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { overviewSchema, pointsPageSchema, statusReportSchema } from '../../../src/model/api/overview.ts'
import { runsPageSchema } from '../../../src/model/api/runs.ts'
import { noticeSchema } from '../../../src/model/notice.ts'
import { freePort } from '../../fixtures/free-port.ts'
import { httpStand } from '../../fixtures/http-stand.ts'
import type { Asked, HttpStand } from '../../fixtures/http-stand.ts'
import { mosquitto } from '../../fixtures/mosquitto.ts'
import type { Broker } from '../../fixtures/mosquitto.ts'
import { parseMetrics } from '../../report/parse-metrics.ts'
import { demoMachine, RunningServer } from './running-server.ts'

const secret = 'canary-webhook-secret-51c0'
const webhookBodySchema = noticeSchema.extend({ version: z.literal(1) })
const mqttStateSchema = z.object({ app: z.string(), state: z.string(), problem: z.boolean(), last_backup: z.string().nullable(), last_verified: z.string().nullable(), age_hours: z.number().nullable(), size_bytes: z.number().nullable(), content_bytes: z.number().nullable(), restore_points: z.number() })
const entitySchema = z.object({ unique_id: z.string(), availability_topic: z.string(), state_topic: z.string().optional(), command_topic: z.string().optional(), device: z.object({ identifiers: z.array(z.string()), name: z.string() }) })

function to({ asked }: HttpStand, path: string): readonly Asked[] {
  return asked.filter((one) => new URL(one.path, 'http://x').pathname === path)
}

function body({ body: text }: Asked): unknown {
  return JSON.parse(text)
}

/** What a program that comes only now finds at the broker, by topic. */
function retainedAt({ port }: Broker, count: number): ReadonlyMap<string, string> {
  const text = execFileSync('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(port), '-t', '#', '--retained-only', '-F', '%t %p', '-C', String(count), '-W', '5'], { encoding: 'utf8' })
  return new Map(text.trimEnd().split('\n').map((line): [string, string] => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]))
}

test('a run that fails and one that succeeds after it are told to all that are to be told', async () => {
  await using stand = await httpStand()
  await using broker = await mosquitto()
  const machine = await demoMachine((m) => ({
    apps: {
      demo: {
        root: m.app, expect: { minSize: '1kB' }, hooks: { frozen: [{ command: `if [ -e ${m.folder}/broken ]; then echo the valve is stuck; exit 1; fi` }] },
        ping: { url: `${stand.url}/check`, privateNetwork: true },
      },
    },
    notify: {
      hook: { type: 'webhook', url: `${stand.url}/hook`, secret, privateNetwork: true },
      phone: { type: 'ntfy', url: stand.url, topic: 'backups', token: 'ntfy-token', privateNetwork: true },
      desk: { type: 'gotify', url: `${stand.url}/gotify`, token: 'gotify-token', privateNetwork: true },
    },
    mqtt: { url: `mqtt://127.0.0.1:${broker.port}`, instance: 'here', commands: true },
    statusFile: { path: 'status.json' },
    server: { url: 'https://backups.example/' },
  }))
  writeFileSync(join(machine.app, 'a.txt'), 'a'.repeat(5000))
  writeFileSync(join(machine.folder, 'broken'), '')
  await using server = await RunningServer.start(machine)
  const topics = new Map([['state', 'sensor'], ['last_backup', 'sensor'], ['last_verified', 'sensor'], ['age', 'sensor'], ['size', 'sensor'], ['next_run', 'sensor'], ['problem', 'binary_sensor'], ['backup', 'button']])
  const state = (): z.infer<typeof mqttStateSchema> => mqttStateSchema.parse(JSON.parse(retainedAt(broker, topics.size + 2).get('holdfast/here/demo/state') ?? ''))
  const metric = async (name: string, labels: Readonly<Record<string, string>> = {}): Promise<number | undefined> => {
    const { text } = await server.ask('GET', '/metrics', undefined, { as: 'viewer' })
    return parseMetrics(text).get(`holdfast_${name}`)?.samples.find((sample) => Object.entries(labels).every(([key, value]) => sample.labels[key] === value))?.value
  }
  const status = async (): Promise<z.infer<typeof statusReportSchema>> => await server.get(statusReportSchema, 'GET', '/api/status', undefined, { as: 'viewer' })
  const file = (): z.infer<typeof statusReportSchema> => statusReportSchema.parse(JSON.parse(readFileSync(join(machine.folder, 'status.json'), 'utf8')))
  const lastRun = async () => (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs[0]
  const jeedom = async (): Promise<unknown> => (await server.ask('GET', '/api/apps/demo/jeedom', undefined, { as: 'viewer' })).json
  const clock = (instant: string | undefined): readonly string[] => (instant ?? '').slice(0, 19).split('T')

  // It fails.
  assert.equal((await server.work('POST', '/api/apps/demo/backup', {})).outcome, 'failed')
  await server.until('all were told of the failure', () => to(stand, '/hook').length === 1 && to(stand, '/').length === 1 && to(stand, '/gotify/message').length === 1 && to(stand, '/check/fail').length === 1)
  const [told] = to(stand, '/hook')
  assert.ok(told)
  const { 'holdfast-timestamp': timestamp, 'holdfast-signature': signature } = told.headers
  assert.equal(signature, `sha256=${createHmac('sha256', secret).update(`${String(timestamp)}.${told.body}`).digest('hex')}`)
  assert.ok(Math.abs(Date.now() / 1000 - Number(timestamp)) < 60)
  const notice = webhookBodySchema.parse(body(told))
  assert.deepEqual([notice.kind, notice.severity, notice.app, notice.title, notice.url], ['failure', 'failed', 'demo', 'demo: backup failed', 'https://backups.example/'])
  assert.deepEqual(to(stand, '/').map((asked) => [asked.method, asked.headers.authorization, body(asked)]), [['POST', 'Bearer ntfy-token', { topic: 'backups', title: notice.title, message: notice.text, priority: 4, tags: ['rotating_light'], click: 'https://backups.example/' }]])
  assert.deepEqual(to(stand, '/gotify/message').map((asked) => [asked.method, asked.headers['x-gotify-key'], body(asked)]), [['POST', 'gotify-token', { title: notice.title, message: notice.text, priority: 8, extras: { 'client::notification': { click: { url: 'https://backups.example/' } } } }]])
  assert.match(to(stand, '/check/fail')[0]?.body ?? '', /^backup of demo: failed\n[^]*the valve is stuck/, 'with the end of the log')
  const pings = (): readonly string[] => stand.asked.map(({ path }) => path).filter((path) => path.startsWith('/check'))
  const rid = (path: string | undefined): string | null => new URL(path ?? '', 'http://x').searchParams.get('rid')
  assert.deepEqual(pings().map((path) => path.split('?')[0]), ['/check/start', '/check/fail'])
  assert.match(rid(pings()[0]) ?? '', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  assert.equal(rid(pings()[0]), rid(pings()[1]), 'begin and end are one pair')
  const failed = await status()
  assert.deepEqual([failed.state, failed.protected, failed.total, failed.apps[0]?.state, failed.apps[0]?.lastRun?.outcome], ['failed', 0, 1, 'failed', 'failed'])
  assert.ok(failed.apps[0]?.reasons.some(({ code, severity, run }) => code === 'run-failed' && severity === 'failed' && run === 'backup'))
  await server.until('the file tells so', () => file().state === 'failed')
  assert.deepEqual([file().sentence, file().apps[0]?.reasons.map(({ code }) => code)], [failed.sentence, failed.apps[0]?.reasons.map(({ code }) => code)])
  assert.equal(statSync(join(machine.folder, 'status.json')).mode & 0o777, 0o640)
  assert.deepEqual([await metric('app_state', { app: 'demo', state: 'failed' }), await metric('app_state', { app: 'demo', state: 'ok' })], [1, 0])
  assert.deepEqual([await metric('applications'), await metric('applications_protected'), await metric('app_restore_points', { app: 'demo' }), await metric('app_last_size_bytes', { app: 'demo' })], [1, 0, 0, undefined])
  assert.equal(await metric('app_last_run_outcome', { app: 'demo', kind: 'backup', outcome: 'failed' }), 1)
  const [date, heure] = clock((await lastRun())?.finishedAt)
  assert.deepEqual(await jeedom(), {
    date, heure, minSizeBackup: 1000, backup: { local: { fileName: '', fileSize: 0, erreurFileSize: 0, error: 1 }, samba: { error: -1 }, market: { error: -1 } },
    lastSave: '', update: 0, action: 'endBackup', errorScenario: 0, errorLogBackup: 1,
  })
  await server.until('the broker has it', () => state().state === 'failed')
  const before = state()
  assert.deepEqual([before.app, before.state, before.problem, before.last_backup, before.age_hours, before.restore_points], ['demo', 'failed', true, null, null, 0])

  // It succeeds; whoever may write to the broker asks for it.
  rmSync(join(machine.folder, 'broken'))
  execFileSync('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 'holdfast/here/demo/command', '-m', 'backup', '-q', '1'])
  await server.until('all were told of the recovery', () => to(stand, '/hook').length === 2 && to(stand, '/').length === 2 && to(stand, '/gotify/message').length === 2 && to(stand, '/check').length === 1)
  const recovery = webhookBodySchema.parse(body(to(stand, '/hook')[1] ?? assert.fail()))
  assert.deepEqual([recovery.kind, recovery.severity, recovery.title], ['recovery', 'info', 'demo: protected again'])
  assert.deepEqual(pings().map((path) => path.split('?')[0]), ['/check/start', '/check/fail', '/check/start', '/check'])
  assert.equal(rid(pings()[2]), rid(pings()[3]))
  assert.notEqual(rid(pings()[2]), rid(pings()[0]))
  const well = await status()
  assert.deepEqual([well.state, well.protected, well.apps[0]?.state, well.apps[0]?.reasons, well.apps[0]?.lastRun?.outcome], ['ok', 1, 'ok', [], 'ok'])
  await server.until('the file tells so', () => file().state === 'ok')
  const { points: [point] } = await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')
  assert.ok(point)
  assert.deepEqual([await metric('app_state', { app: 'demo', state: 'failed' }), await metric('app_state', { app: 'demo', state: 'ok' })], [0, 1])
  assert.deepEqual([await metric('applications_protected'), await metric('app_reasons', { app: 'demo', severity: 'failed' }), await metric('app_restore_points', { app: 'demo' })], [1, 0, 1])
  assert.deepEqual([await metric('app_last_size_bytes', { app: 'demo' }), await metric('app_last_content_bytes', { app: 'demo' }), await metric('app_last_success_timestamp_seconds', { app: 'demo' })], [point.sizeBytes, point.contentBytes, Date.parse(point.startedAt) / 1000])
  assert.equal(await metric('app_last_run_outcome', { app: 'demo', kind: 'backup', outcome: 'ok' }), 1)
  assert.equal(await metric('destination_state', { app: 'demo', reach: 'local', state: 'ok' }), 1)
  const [dateOk, heureOk] = clock((await lastRun())?.finishedAt)
  assert.deepEqual(await jeedom(), {
    date: dateOk, heure: heureOk, minSizeBackup: 1000, backup: { local: { fileName: point.fileName, fileSize: statSync(join(machine.place, point.key)).size, erreurFileSize: 0, error: 0 }, samba: { error: -1 }, market: { error: -1 } },
    lastSave: clock(point.startedAt).join(' '), update: 0, action: 'endBackup', errorScenario: 0, errorLogBackup: 0,
  })
  await server.until('the broker has it', () => state().state === 'ok')
  const retained = retainedAt(broker, topics.size + 2)
  assert.deepEqual([...retained.keys()].sort(), ['holdfast/here/availability', 'holdfast/here/demo/state', ...[...topics].map(([object, component]) => `homeassistant/${component}/holdfast_here_demo/${object}/config`)].sort())
  assert.equal(retained.get('holdfast/here/availability'), 'online')
  const { state: now, ...more } = state()
  assert.deepEqual([now, more], ['ok', { app: 'demo', problem: false, last_backup: point.startedAt, last_verified: point.verifiedAt, age_hours: 0, size_bytes: point.sizeBytes, content_bytes: point.contentBytes, restore_points: 1 }])
  for (const [object, component] of topics) {
    const entity = entitySchema.parse(JSON.parse(retained.get(`homeassistant/${component}/holdfast_here_demo/${object}/config`) ?? ''))
    assert.deepEqual([entity.unique_id, entity.availability_topic, entity.state_topic ?? entity.command_topic, entity.device.identifiers, entity.device.name], [`holdfast_here_demo_${object}`, 'holdfast/here/availability', component === 'button' ? 'holdfast/here/demo/command' : 'holdfast/here/demo/state', ['holdfast_here_demo'], 'Backup of demo'], object)
  }
  const { reporting } = await server.get(overviewSchema, 'GET', '/api/apps')
  assert.deepEqual(reporting.map(({ name, state: is }) => [name, is]).sort(), ['mqtt', 'notify.desk', 'notify.hook', 'notify.phone', 'ping.demo', 'statusFile'].map((name) => [name, 'ok']))
  await server.end()
  assert.equal(retainedAt(broker, topics.size + 2).get('holdfast/here/availability'), 'offline')
})

test('whoever cannot be told changes no run, is shown, and is tried by hand', async () => {
  await using stand = await httpStand()
  const nobody = await freePort()
  const machine = await demoMachine((m) => ({
    apps: { demo: { root: m.app, hooks: { frozen: [{ command: `! test -e ${m.folder}/broken` }] }, ping: { url: `${stand.url}/check`, privateNetwork: true } } },
    notify: {
      dead: { type: 'webhook', url: `http://127.0.0.1:${nobody}/${secret}`, secret, privateNetwork: true },
      inside: { type: 'webhook', url: `${stand.url}/inside`, secret },
      well: { type: 'webhook', url: `${stand.url}/hook`, secret, privateNetwork: true },
    },
    mqtt: { url: `mqtt://127.0.0.1:${nobody}`, instance: 'here' },
    statusFile: { path: 'no-folder/status.json' },
  }))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  writeFileSync(join(machine.folder, 'broken'), '')
  await using server = await RunningServer.start(machine)
  const failed = async (): Promise<readonly string[]> => (await server.get(overviewSchema, 'GET', '/api/apps')).reporting.filter(({ state }) => state === 'failed').map(({ name }) => name).sort()
  const kinds = (): readonly string[] => to(stand, '/hook').map((asked) => webhookBodySchema.parse(body(asked)).kind)
  assert.equal((await server.work('POST', '/api/apps/demo/backup', {})).outcome, 'failed')
  await server.until('it is shown', async () => (await failed()).length === 4)
  assert.deepEqual(await failed(), ['mqtt', 'notify.dead', 'notify.inside', 'statusFile'])
  rmSync(join(machine.folder, 'broken'))
  assert.equal((await server.work('POST', '/api/apps/demo/backup', {})).outcome, 'ok')
  await server.until('the other one is told all the same', () => kinds().length === 2)
  assert.deepEqual(kinds(), ['failure', 'recovery'])
  const runs = async () => (await server.get(runsPageSchema, 'GET', '/api/apps/demo/runs')).runs.map(({ outcome, warnings }) => [outcome, warnings])
  await server.until('both runs are listed', async () => (await runs()).length === 2)
  assert.deepEqual(await runs(), [['ok', 0], ['failed', 0]])
  const families = parseMetrics((await server.ask('GET', '/metrics')).text).get('holdfast_reporting_failed')?.samples ?? []
  assert.deepEqual(Object.fromEntries(families.map(({ labels, value }) => [labels['name'], value])), { 'mqtt': 1, 'notify.dead': 1, 'notify.inside': 1, 'notify.well': 0, 'ping.demo': 0, 'statusFile': 1 })
  for (const path of ['/api/apps', '/metrics']) assert.ok(!(await server.ask('GET', path)).text.includes(secret), path)

  for (const name of ['well', 'notify.well']) assert.equal((await server.ask('POST', `/api/notify/${name}/test`)).status, 204, name)
  assert.deepEqual(kinds(), ['failure', 'recovery', 'test', 'test'])
  assert.equal((await server.ask('POST', '/api/notify/ping.demo/test')).status, 204)
  assert.equal(to(stand, '/check/log').length, 1)
  for (const name of ['dead', 'inside', 'mqtt']) assert.match(await server.refused('POST', `/api/notify/${name}/test`), /^[45]\d\d (?:report|network)\./, name)
  for (const name of ['nothing', 'ping.nothing', 'constructor']) assert.equal(await server.refused('POST', `/api/notify/${name}/test`), '400 usage', name)
  assert.deepEqual(to(stand, '/inside'), [], 'an address of this machine is not asked unless that is allowed')
})
