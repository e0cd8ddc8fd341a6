import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { AppError } from '../../../src/kit/app-error.ts'
import { Secret } from '../../../src/kit/secret.ts'
import { statusReportSchema } from '../../../src/model/api/overview.ts'
import type { Overview } from '../../../src/model/api/overview.ts'
import type { RunReport } from '../../../src/model/run-report.ts'
import { Reporting } from '../../../src/server/reporting/reporting.ts'
import type { ReportingOptions } from '../../../src/server/reporting/reporting.ts'
import { httpStand } from '../../fixtures/http-stand.ts'
import type { HttpStand } from '../../fixtures/http-stand.ts'
import { samplePoint } from '../../policy/sample-points.ts'
import { sampleStatus } from '../../policy/sample-status.ts'
import { sampleCard, sampleOverview } from '../../report/sample-overview.ts'

const canary = 'caN4ry-s3cret'
const start = Date.parse('2026-11-20T12:00:00Z')

type Trial = AsyncDisposable & { readonly folder: string; nowMs: number; readonly waits: { ms: number; end: () => void }[]; open(yaml: string, more?: Partial<ReportingOptions>): Reporting }

/** A folder of its own, a clock that stands, and waits that end when the test says so. */
function trial(): Trial {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reporting-'))
  const opened: Reporting[] = []
  const self: Trial = {
    folder, nowMs: start, waits: [],
    open(yaml, more = {}) {
      const reporting = Reporting.open({
        config: parseConfig(yaml, join(folder, 'holdfast.yaml'), '/home/u'), folder, now: () => new Date(self.nowMs), dashboardUrl: 'https://hf.example/',
        readSecret: async (reference) => new Secret(typeof reference === 'string' ? reference.replaceAll('${CANARY}', canary) : canary),
        wait: async (ms, signal) => { await new Promise<void>((resolve) => { self.waits.push({ ms, end: resolve }); signal.addEventListener('abort', () => resolve()) }) },
        ...more,
      })
      opened.push(reporting)
      return reporting
    },
    async [Symbol.asyncDispose]() {
      for (const reporting of opened) await reporting[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
  return self
}

async function until(condition: () => boolean, what: () => string = () => ''): Promise<void> {
  const end = Date.now() + 5000
  while (!condition()) {
    if (Date.now() > end) assert.fail(`it did not come to that: ${condition} ${what()}`)
    await sleep(5)
  }
}

const failing = (): Overview => sampleOverview([sampleCard('erp', { status: sampleStatus('erp', ['run-failed']) })])
const well = (): Overview => sampleOverview([sampleCard('erp')])
const webhook = ({ url }: HttpStand, more = ''): string => `apps: {erp: {root: /srv/erp}}\nnotify:\n  hook: {type: webhook, url: "${url}/\${CANARY}", secret: {env: S}, privateNetwork: true${more}}\n`
const kinds = ({ asked }: HttpStand): readonly string[] => asked.map(({ body }) => JSON.parse(body).kind)

test('a failure and a recovery are told once each, and what was told is remembered over a restart', async () => {
  await using stand = await httpStand()
  await using place = trial()
  const first = place.open(webhook(stand))
  assert.deepEqual(first.health(), [{ name: 'notify.hook', state: 'unknown', text: 'Nothing was sent yet.' }])
  first.update(failing())
  first.update(failing())
  await until(() => stand.asked.length === 1)
  await until(() => first.health()[0]?.state === 'ok')
  await first[Symbol.asyncDispose]()
  const second = place.open(webhook(stand))
  assert.equal(second.health()[0]?.state, 'ok', 'its last outcome is remembered too')
  second.update(failing())
  second.update(well())
  await until(() => stand.asked.length === 2)
  assert.deepEqual(kinds(stand), ['failure', 'recovery'])
  assert.equal(JSON.parse(stand.asked[0]?.body ?? '').url, 'https://hf.example/')
  assert.equal(statSync(join(place.folder, 'reporting.json')).mode & 0o777, 0o600)
})

test('a notifier that fails is shown, tried again ever more seldom, and gets all in order when it works again', async () => {
  await using stand = await httpStand()
  await using place = trial()
  stand.answer = ({ path, headers }) => ({ status: 500, text: `${path} ${JSON.stringify(headers)}` })
  const reporting = place.open(webhook(stand))
  reporting.update(failing())
  await until(() => place.waits.length === 1)
  const [health] = reporting.health()
  assert.equal(health?.state, 'failed')
  assert.match(health?.text ?? '', /answered with status 500.*\(1 waiting\)/)
  for (let attempt = 2; attempt < 12; attempt++) {
    place.waits.at(-1)?.end()
    await until(() => place.waits.length === attempt)
  }
  const times = place.waits.map(({ ms }) => ms)
  assert.ok((times[0] ?? 0) >= 24_000 && (times[0] ?? 0) <= 30_000 && times.every((ms) => ms <= 3_600_000) && (times.at(-1) ?? 0) > 2_800_000, String(times))
  stand.answer = () => ({ status: 204 })
  stand.asked.length = 0
  reporting.update(well())
  await until(() => stand.asked.length === 2)
  assert.deepEqual(kinds(stand), ['failure', 'recovery'], 'a new notice does not wait for the next attempt')
  await until(() => reporting.health()[0]?.state === 'ok')
})

test('what could not be delivered before the end is delivered after it, and given up after a day', async () => {
  await using stand = await httpStand()
  await using place = trial()
  stand.answer = () => ({ status: 500 })
  const first = place.open(webhook(stand))
  first.update(failing())
  await until(() => place.waits.length === 1)
  await first[Symbol.asyncDispose]()
  stand.asked.length = 0
  stand.answer = () => ({ status: 200 })
  const second = place.open(webhook(stand))
  await until(() => stand.asked.length === 1)
  assert.deepEqual(kinds(stand), ['failure'])
  await second[Symbol.asyncDispose]()
  stand.answer = () => ({ status: 500 })
  const third = place.open(webhook(stand))
  third.update(well())
  await until(() => place.waits.length === 2)
  place.nowMs += 25 * 3_600_000
  const before = stand.asked.length
  place.waits.at(-1)?.end()
  await until(() => !/pending":\[\{/.test(readFileSync(join(place.folder, 'reporting.json'), 'utf8')))
  assert.equal(stand.asked.length, before)
})

test('one that has ended tells and writes nothing more: the next one has its memory', async () => {
  await using stand = await httpStand()
  await using place = trial()
  const first = place.open(webhook(stand))
  first.update(failing())
  await until(() => first.health()[0]?.state === 'ok')
  const ending = first[Symbol.asyncDispose]()
  const second = place.open(webhook(stand))
  first.update(well())
  second.update(failing())
  await ending
  second.update(well())
  first.update(failing())
  await until(() => kinds(stand).includes('recovery'))
  await sleep(50)
  assert.deepEqual(kinds(stand), ['failure', 'recovery'])
  assert.match(readFileSync(join(place.folder, 'reporting.json'), 'utf8'), /"troubled":false/)
})

test('each notifier is told what it asked for, and one that hangs holds up no other', async () => {
  await using slow = await httpStand()
  await using stand = await httpStand()
  slow.answer = () => ({ status: 200, delayMs: 60_000 })
  await using place = trial()
  const hook = (url: string, more: string): string => `{type: webhook, url: "${url}", secret: s, privateNetwork: true${more}}`
  const reporting = place.open(`apps: {erp: {root: /srv/erp}}\nnotify:\n  slow: ${hook(slow.url, '')}\n  all: ${hook(`${stand.url}/all`, '')}\n  good: ${hook(`${stand.url}/good`, ', on: [recovery]')}\n`)
  reporting.update(failing())
  reporting.update(well())
  await until(() => stand.asked.length === 3)
  assert.deepEqual(stand.asked.map(({ path, body }) => `${path} ${JSON.parse(body).kind}`).toSorted(), ['/all failure', '/all recovery', '/good recovery'])
  const started = Date.now()
  await reporting[Symbol.asyncDispose]()
  assert.ok(Date.now() - started < 2000, 'and holds up no end either')
})

test('a damaged memory tells once more rather than never; one that cannot be written is shown', async () => {
  await using stand = await httpStand()
  await using place = trial()
  writeFileSync(join(place.folder, 'reporting.json'), '{"version": 1, "notifiers": {"hook": ')
  const reporting = place.open(webhook(stand))
  reporting.update(failing())
  await until(() => stand.asked.length === 1)
  const nowhere = place.open(webhook(stand), { folder: join(place.folder, 'missing') })
  nowhere.update(failing())
  await until(() => stand.asked.length === 2)
  assert.match(nowhere.health().find(({ name }) => name === 'memory')?.text ?? '', /cannot be remembered/)
})

test('applications that were not judged yet are neither told nor forgotten', async () => {
  await using stand = await httpStand()
  await using place = trial()
  const yaml = webhook(stand).replace('/srv/erp}}', '/srv/erp}, nas: {root: /srv/nas}}')
  const reporting = place.open(yaml)
  const both = (): Overview => sampleOverview([...failing().apps, sampleCard('nas', { status: sampleStatus('nas', ['missing']) })])
  reporting.update(both())
  await until(() => stand.asked.length === 2)
  reporting.update(failing())
  reporting.update(both())
  await sleep(50)
  assert.equal(stand.asked.length, 2)
})

function report(rest: Partial<RunReport> = {}): RunReport {
  return {
    run: '0123456789abcdef', kind: 'backup', app: 'erp', user: 'root', startedAt: '2026-11-20T03:00:00Z', files: 0, bytes: 0, warnings: [], warningCount: 0, notes: [], noteCount: 0, databases: [],
    saved: [{ ...samplePoint('2026-11-20T03:00:00Z'), vault: 'nas' }], verified: [], removed: [], outcome: 'ok', ...rest,
  }
}

test('a run pings begin and end in this order, a run of another application nobody', async () => {
  await using stand = await httpStand()
  stand.answer = ({ path }) => ({ status: 200, delayMs: path.includes('/start') ? 50 : 0 })
  await using place = trial()
  const reporting = place.open(`apps: {erp: {root: /srv/erp, ping: {url: "${stand.url}/\${CANARY}", privateNetwork: true}}, nas: {root: /srv/nas}}\n`)
  assert.deepEqual(reporting.health().map(({ name, state }) => [name, state]), [['ping.erp', 'unknown']])
  reporting.runStarted(report())
  reporting.runFinished(report(), 'last lines')
  reporting.runStarted(report({ app: 'nas' }))
  reporting.runStarted(report({ kind: 'verify' }))
  reporting.runFinished(report({ kind: 'verify' }), '')
  reporting.runFinished(report({ outcome: 'failed', error: { code: 'storage.full', message: 'No space' } }), 'last lines')
  await until(() => stand.asked.length === 3)
  assert.deepEqual(stand.asked.map(({ path }) => path.replace(/\?.*/, '')), [`/${canary}/start`, `/${canary}`, `/${canary}/fail`])
  assert.equal(stand.asked[2]?.body, 'backup of erp: failed\nNo space\n\nlast lines')
  await until(() => reporting.health()[0]?.state === 'ok')
})

test('the status file holds what the status says, is written anew when a state changes and else once a minute', async () => {
  await using place = trial()
  const file = join(place.folder, 'status.json')
  const reporting = place.open('apps: {erp: {root: /srv/erp}, nas: {root: /srv/nas}}\nstatusFile: {path: status.json, everybody: true}\n')
  reporting.update(well())
  assert.equal(existsSync(file), false, 'not before all are judged: it would call too much unknown')
  const all = (reasons: Parameters<typeof sampleStatus>[1], judgedAt: string): Overview => sampleOverview([sampleCard('erp', { status: sampleStatus('erp', reasons) }), sampleCard('nas')], { judgedAt })
  const judgedAt = (): string => statusReportSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).judgedAt
  reporting.update(all([], '2026-11-20T12:00:00.000Z'))
  assert.equal(statSync(file).mode & 0o777, 0o644)
  reporting.update(all([], '2026-11-20T12:00:01.000Z'))
  assert.equal(judgedAt(), '2026-11-20T12:00:00.000Z')
  reporting.update(all(['run-failed'], '2026-11-20T12:00:02.000Z'))
  assert.equal(judgedAt(), '2026-11-20T12:00:02.000Z')
  place.nowMs += 60_000
  reporting.update(all(['run-failed'], '2026-11-20T12:01:02.000Z'))
  assert.equal(judgedAt(), '2026-11-20T12:01:02.000Z')
  assert.deepEqual(reporting.health().map(({ name, state }) => [name, state]), [['statusFile', 'ok']])
  const elsewhere = place.open('apps: {}\nstatusFile: {path: missing/status.json}\n')
  elsewhere.update(sampleOverview([]))
  assert.equal(elsewhere.health()[0]?.state, 'failed')
})

test('a test is sent at once, by the names that health gives', async () => {
  await using stand = await httpStand()
  await using place = trial()
  const reporting = place.open(`${webhook(stand).replace('/srv/erp}', `/srv/erp, ping: {url: "${stand.url}/ping", privateNetwork: true}}`)}mqtt: {url: "mqtt://127.0.0.1:1"}\n`)
  await reporting.test('notify.hook')
  assert.deepEqual(kinds(stand), ['test'])
  await reporting.test('ping.erp')
  assert.match(stand.asked[1]?.path ?? '', /^\/ping\/log/)
  await assert.rejects(reporting.test('mqtt'), { code: 'report.failed' })
  for (const name of ['hook', 'notify.', 'notify.nobody', 'ping.nas', 'ping.__proto__', '', 'statusFile']) await assert.rejects(reporting.test(name), { code: 'usage' }, name)
  stand.answer = () => ({ status: 500 })
  await assert.rejects(reporting.test('notify.hook'), { code: 'report.failed' })
  assert.equal(reporting.health().find(({ name }) => name === 'notify.hook')?.state, 'failed')
})

test('a secret stands in no file, no health and no error, whatever fails', async () => {
  await using stand = await httpStand()
  await using place = trial()
  stand.answer = ({ path, headers, body }) => ({ status: 500, text: `${path} ${JSON.stringify(headers)} ${body} ${canary}`.slice(0, 3000) })
  const sort = (name: string, url: string): string => `
  ntfy${name}: {type: ntfy, url: "${url}", topic: {env: T}, token: {env: T}, privateNetwork: true}
  gotify${name}: {type: gotify, url: "${url}", token: {env: T}, privateNetwork: true}
  hook${name}: {type: webhook, url: "${url}/\${CANARY}?a=\${CANARY}", secret: {env: T}, privateNetwork: true}
  http${name}: {type: http, url: "${url}/bot\${CANARY}/x", headers: {Authorization: "Bearer \${CANARY}"}, body: "\${CANARY}", privateNetwork: true}
  refused${name}: {type: http, url: "${url}/bot\${CANARY}/x"}
  mail${name}: {type: mail, host: 127.0.0.1, port: 1, from: a@b.c, to: [a@b.c], user: u, password: {env: T}}`
  const reporting = place.open(`apps: {erp: {root: /srv/erp, ping: {url: "${stand.url}/\${CANARY}", privateNetwork: true}}}\nnotify:${sort('1', stand.url)}${sort('2', 'http://127.0.0.1:1')}\nmqtt: {url: "mqtt://127.0.0.1:1", user: u, password: {env: T}}\n`)
  reporting.update(failing())
  reporting.runStarted(report())
  for (const { name } of reporting.health()) {
    const testing = reporting.test(name)
    // A ping waits between its attempts.
    const ending = setInterval(() => { for (const { end } of place.waits) end() }, 5)
    const error: unknown = await testing.then(() => assert.fail(name), (thrown: unknown) => thrown)
    clearInterval(ending)
    assert.ok(error instanceof AppError, `${name}: ${inspect(error)}`)
    assert.ok(!(inspect(error, { depth: 10 }) + JSON.stringify(error)).includes('caN4ry'), inspect(error))
  }
  await until(() => reporting.health().every(({ state }) => state === 'failed'), () => inspect(reporting.health()))
  assert.ok(!inspect(reporting.health(), { depth: 10 }).includes('caN4ry'), inspect(reporting.health()))
  assert.ok(!inspect(reporting, { depth: 20, showHidden: true }).includes('caN4ry'))
  for (const name of readdirSync(place.folder)) assert.ok(!readFileSync(join(place.folder, name), 'utf8').includes('caN4ry'), name)
})

test('nothing here throws into a run, even where nothing can be written', async () => {
  await using place = trial()
  chmodSync(place.folder, 0o500)
  const reporting = place.open('apps: {erp: {root: /srv/erp, ping: {url: "http://127.0.0.1:1/x"}}}\nstatusFile: {path: /proc/nowhere/x}\nnotify: {hook: {type: webhook, url: x, secret: y}}\n', { readSecret: () => Promise.reject(new Error('no secret')) })
  reporting.update(failing())
  reporting.runStarted(report())
  reporting.runFinished(report(), '')
  await until(() => reporting.health().every(({ state }) => state === 'failed'), () => inspect(reporting.health()))
})
