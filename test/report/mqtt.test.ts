import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { inspect } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { connect } from 'mqtt'
import { Secret } from '../../src/kit/secret.ts'
import { topicName } from '../../src/report/mqtt/topic-name.ts'
import { mqttOptionsSchema } from '../../src/report/mqtt/mqtt-options.ts'
import { MqttReporter } from '../../src/report/mqtt/mqtt-reporter.ts'
import type { MqttContext } from '../../src/report/mqtt/mqtt-reporter.ts'
import { mosquitto } from '../fixtures/mosquitto.ts'
import type { Broker } from '../fixtures/mosquitto.ts'
import { sampleStatus } from '../policy/sample-status.ts'
import { sampleCard, sampleOverview } from './sample-overview.ts'

const canary = 'caN4ry s3cret'
const now = new Date('2026-11-21T10:00:00.000Z')

function reporter({ port }: Pick<Broker, 'port'>, more: object = {}, context: Partial<MqttContext> = {}): MqttReporter {
  const options = mqttOptionsSchema.parse({ url: `mqtt://127.0.0.1:${port}`, instance: 'host', ...more })
  return new MqttReporter(options, { readSecret: async () => new Secret(canary), now: () => now, reconnectMs: 100, ...context })
}

async function until(condition: () => boolean, what: () => string = () => ''): Promise<void> {
  const end = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > end) assert.fail(`it did not come to that: ${condition} ${what()}`)
    await sleep(20)
  }
}

/** What somebody else sees at the broker: the retained messages by topic; empty ones take theirs away. */
async function onlooker({ port }: Broker): Promise<AsyncDisposable & { readonly seen: Map<string, string>; count: number; publish(topic: string, payload: string, retain?: boolean): Promise<void> }> {
  const client = connect(`mqtt://127.0.0.1:${port}`, { reconnectPeriod: 100 })
  const self = {
    seen: new Map<string, string>(), count: 0,
    publish: async (topic: string, payload: string, retain = false) => { await client.publishAsync(topic, payload, { qos: 1, retain }) },
    [Symbol.asyncDispose]: async () => { await client.endAsync(true) },
  }
  client.on('error', () => undefined)
  client.on('connect', () => self.seen.clear())
  client.on('message', (topic, payload) => {
    self.count++
    if (payload.length === 0) self.seen.delete(topic)
    else self.seen.set(topic, payload.toString())
  })
  await client.subscribeAsync('#', { qos: 1 })
  return self
}

test('state, availability and Home Assistant\'s discovery are retained, and told again only where they change', async () => {
  await using broker = await mosquitto()
  await using eye = await onlooker(broker)
  await using mqtt = reporter(broker, {}, { url: 'https://hf.example/' })
  const overview = sampleOverview([sampleCard('erp')])
  mqtt.update(overview, ['erp'])
  await until(() => eye.seen.size === 9, () => inspect([...eye.seen.keys()]))
  assert.equal(eye.seen.get('holdfast/host/availability'), 'online')
  assert.deepEqual(JSON.parse(eye.seen.get('holdfast/host/erp/state') ?? ''), {
    app: 'erp', state: 'ok', problem: false, sentence: 'All is well.', last_backup: '2026-11-20T03:00:00.000Z', last_verified: '2026-11-20T03:05:00.000Z', age_hours: 31,
    size_bytes: 1000, content_bytes: 4000, restore_points: 3, next_run: '2026-11-21T03:00:00.000Z',
  })
  const problem = JSON.parse(eye.seen.get('homeassistant/binary_sensor/holdfast_host_erp/problem/config') ?? '')
  assert.deepEqual([problem.state_topic, problem.availability_topic, problem.device_class, problem.device.identifiers, problem.device.configuration_url], ['holdfast/host/erp/state', 'holdfast/host/availability', 'problem', ['holdfast_host_erp'], 'https://hf.example/'])
  assert.equal([...eye.seen].filter(([topic]) => topic.startsWith('homeassistant/')).every(([, payload]) => JSON.parse(payload).unique_id.startsWith('holdfast_host_erp_')), true)
  // Newer ones of Home Assistant warn of the older `object_id`.
  assert.deepEqual([problem.default_entity_id, problem.object_id], ['binary_sensor.holdfast_host_erp_problem', undefined])
  assert.deepEqual(mqtt.health().state, 'ok')
  const { count } = eye
  mqtt.update(overview, ['erp'])
  await sleep(150)
  assert.equal(eye.count, count)
  mqtt.update(sampleOverview([sampleCard('erp', { status: sampleStatus('erp', ['run-failed'], { state: 'running' }) })]), ['erp'])
  await until(() => JSON.parse(eye.seen.get('holdfast/host/erp/state') ?? '{}').problem === true)
  assert.equal(eye.count, count + 1)
})

test('an application that went away is taken from the broker, also one that went while nobody was connected', async () => {
  await using broker = await mosquitto()
  await using eye = await onlooker(broker)
  {
    await using mqtt = reporter(broker)
    mqtt.update(sampleOverview(['erp', 'nas', 'old'].map((name) => sampleCard(name))), ['erp', 'nas', 'old'])
    await until(() => eye.seen.size === 1 + 3 * 8)
    mqtt.update(sampleOverview([sampleCard('erp')]), ['erp', 'old'])
    await until(() => eye.seen.size === 1 + 2 * 8)
    assert.ok(eye.seen.has('holdfast/host/old/state'), 'one that is only not judged yet stays')
  }
  assert.equal(eye.seen.get('holdfast/host/availability'), 'offline')
  await using mqtt = reporter(broker)
  await sleep(200)
  assert.ok(eye.seen.has('holdfast/host/old/state'), 'nothing is taken away before it is known what there is')
  mqtt.update(sampleOverview([sampleCard('erp')]), ['erp'])
  await until(() => eye.seen.size === 1 + 8, () => inspect([...eye.seen.keys()]))
  assert.ok([...eye.seen.keys()].every((topic) => !/[/_](?:nas|old)/.test(topic)))
})

test('a killed process is told by its last will', async () => {
  await using broker = await mosquitto()
  await using eye = await onlooker(broker)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', fileURLToPath(import.meta.resolve('./mqtt-child.ts')), String(broker.port)], { stdio: 'inherit' })
  try {
    await until(() => eye.seen.get('holdfast/host/availability') === 'online' && eye.seen.has('holdfast/host/erp/state'))
  } finally {
    child.kill('SIGKILL')
  }
  await until(() => eye.seen.get('holdfast/host/availability') === 'offline')
  // Another program sees the same.
  assert.equal(execFileSync('mosquitto_sub', ['-h', '127.0.0.1', '-p', String(broker.port), '-t', 'holdfast/host/availability', '-C', '1', '-W', '5'], { encoding: 'utf8' }), 'offline\n')
  await using mqtt = reporter(broker)
  await until(() => eye.seen.get('holdfast/host/availability') === 'online')
  await eye.publish('holdfast/host/availability', 'offline', true)
  await until(() => eye.seen.get('holdfast/host/availability') === 'online')
  assert.equal(mqtt.health().state, 'ok')
})

test('a broker that was away and has forgotten all is told everything again', async () => {
  await using broker = await mosquitto()
  await using mqtt = reporter(broker)
  mqtt.update(sampleOverview([sampleCard('erp')]), ['erp'])
  await until(() => mqtt.health().state === 'ok')
  await broker.stop()
  await until(() => mqtt.health().state === 'failed')
  mqtt.update(sampleOverview([sampleCard('erp', { points: 9 })]), ['erp'])
  await broker.start()
  await using eye = await onlooker(broker)
  await until(() => JSON.parse(eye.seen.get('holdfast/host/erp/state') ?? '{}').restore_points === 9 && eye.seen.size === 9)
  assert.equal(mqtt.health().state, 'ok')
})

test('a broker that is not there fails nobody, and ends at once', async () => {
  const mqtt = reporter({ port: 1 })
  mqtt.update(sampleOverview([sampleCard('erp')]), ['erp'])
  await until(() => mqtt.health().state === 'failed')
  assert.match(mqtt.health().text, /^The MQTT broker 127\.0\.0\.1:1: .*ECONNREFUSED/)
  const start = Date.now()
  await mqtt[Symbol.asyncDispose]()
  assert.ok(Date.now() - start < 1000)
})

test('a command starts a backup only where that is allowed, of an application that there is, and never by an old message', async () => {
  await using broker = await mosquitto()
  await using eye = await onlooker(broker)
  const asked: string[] = []
  const onBackup = (app: string): void => { asked.push(app) }
  await eye.publish('holdfast/host/erp/command', 'backup', true)
  {
    await using mqtt = reporter(broker, { commands: true }, { onBackup })
    mqtt.update(sampleOverview([sampleCard('erp')]), ['erp'])
    await until(() => eye.seen.has('homeassistant/button/holdfast_host_erp/backup/config'))
    assert.equal(JSON.parse(eye.seen.get('homeassistant/button/holdfast_host_erp/backup/config') ?? '').command_topic, 'holdfast/host/erp/command')
    for (const [topic, payload] of [['nas', 'backup'], ['erp', 'delete'], ['erp', ''], ['erp/x', 'backup'], ['erp', 'backup']]) await eye.publish(`holdfast/host/${topic?.replace('/x', '') ?? ''}/command${topic?.includes('/x') === true ? '/x' : ''}`, payload ?? '')
    await until(() => asked.length > 0)
    await sleep(50)
    assert.deepEqual(asked, ['erp'])
  }
  await using mqtt = reporter(broker, {}, { onBackup })
  mqtt.update(sampleOverview([sampleCard('erp')]), ['erp'])
  await until(() => !eye.seen.has('homeassistant/button/holdfast_host_erp/backup/config'))
  await eye.publish('holdfast/host/erp/command', 'backup')
  await sleep(100)
  assert.deepEqual(asked, ['erp'])
})

test('hostile names stay one level of a topic, and each keeps its own', async () => {
  const names = ['a/b', '+', '#', 'a+', '$SYS', 'a\0b', '', 'my.app', 'my_app', 'a\u202eb', 'a\udc80', 'ü', 'x'.repeat(70_000), '../availability', 'availability', '__proto__', '<script>', '{{ states }}']
  const topics = names.map(topicName)
  assert.equal(new Set(topics).size, names.length)
  for (const topic of topics) assert.match(topic, /^[A-Za-z0-9_-]{1,64}$/)
  await using broker = await mosquitto()
  await using eye = await onlooker(broker)
  await using mqtt = reporter(broker)
  mqtt.update(sampleOverview(names.map((name) => sampleCard(name))), names)
  await until(() => eye.seen.size === 1 + 8 * names.length, () => `${eye.seen.size} ${inspect(mqtt.health())}`)
  assert.equal(eye.seen.get('holdfast/host/availability'), 'online')
  assert.equal(JSON.parse(eye.seen.get(`holdfast/host/${topicName('a/b')}/state`) ?? '').app, 'a/b')
})

test('a password signs in, a wrong one is told without the password and tried again', async () => {
  await using good = await mosquitto({ user: { name: 'u', password: canary } })
  await using mqtt = reporter(good, { user: 'u', password: { env: 'PW' } })
  await until(() => mqtt.health().state === 'ok')
  await using bad = await mosquitto({ user: { name: 'u', password: 'another' } })
  await using refused = reporter(bad, { user: 'u', password: { env: 'PW' } })
  await until(() => refused.health().state === 'failed')
  assert.match(refused.health().text, /[Nn]ot authorized/)
  assert.ok(!inspect(refused.health()).includes(canary))
  await sleep(300)
  assert.match(refused.health().text, /[Nn]ot authorized/, 'the loss of the connection does not hide why')
  await using without = reporter(good, { user: 'u', password: { env: 'PW' } }, { readSecret: () => Promise.reject(new Error('The variable PW is not set')) })
  await until(() => without.health().state === 'failed')
  assert.match(without.health().text, /PW is not set/)
})

test('TLS is spoken to a broker that is vouched for, and to no other', async () => {
  await using broker = await mosquitto({ tls: true })
  const url = `mqtts://127.0.0.1:${broker.port}`
  await using mqtt = reporter(broker, { url, ca: broker.ca })
  await until(() => mqtt.health().state === 'ok', () => mqtt.health().text)
  await using stranger = reporter(broker, { url })
  await until(() => stranger.health().state === 'failed')
  assert.match(stranger.health().text, /certificate/)
})
