import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { Secret } from '../../src/kit/secret.ts'
import type { Notice } from '../../src/model/notice.ts'
import type { SecretReader } from '../../src/model/secret-reader.ts'
import { notifierOptionsSchema } from '../../src/report/notifiers/notifier-options.ts'
import { openNotifier } from '../../src/report/notifiers/open-notifier.ts'
import { httpStand } from '../fixtures/http-stand.ts'
import type { Asked, HttpStand } from '../fixtures/http-stand.ts'

const { signal } = new AbortController()
const canary = 'caN4ry"s3cret&+'
const now = new Date('2026-11-21T10:00:00.700Z')

const notice: Notice = {
  kind: 'failure', app: 'erp', title: 'erp: "backup" <failed> & \\ done %', text: 'One: è {{title}}\nTwo: \'x\' </b> $& $1', at: '2026-11-21T10:00:00.000Z', severity: 'failed', url: 'https://hf.example/apps/erp',
}

const readSecret: SecretReader = async (reference) => new Secret(typeof reference === 'string' ? reference.replaceAll('${CANARY}', canary) : canary)

async function send(options: object, sent: Notice = notice): Promise<void> {
  await openNotifier(notifierOptionsSchema.parse(options), { readSecret, now: () => now }).send(sent, signal)
}

async function failureOf(options: object): Promise<AppError> {
  const error: unknown = await send(options).then(() => assert.fail('it did not fail'), (thrown: unknown) => thrown)
  assert.ok(error instanceof AppError, inspect(error))
  const all = inspect(error, { depth: 10 }) + JSON.stringify(error)
  for (const form of [canary, encodeURIComponent(canary), JSON.stringify(canary).slice(1, -1), 'caN4ry']) assert.ok(!all.includes(form), all)
  return error
}

function only(stand: HttpStand): Asked {
  const [asked, ...more] = stand.asked
  assert.ok(asked !== undefined && more.length === 0, inspect(stand.asked))
  return asked
}

test('ntfy gets topic, title, text and priority as JSON, with its token', async () => {
  await using stand = await httpStand()
  await send({ type: 'ntfy', url: stand.url, topic: 'backups', token: { env: 'T' }, privateNetwork: true })
  const { method, path, headers, body } = only(stand)
  assert.deepEqual([method, path, headers.authorization], ['POST', '/', `Bearer ${canary}`])
  assert.deepEqual(JSON.parse(body), { topic: 'backups', title: notice.title, message: notice.text, priority: 4, tags: ['rotating_light'], click: notice.url })
})

test('gotify gets title, message and priority as JSON, with its token', async () => {
  await using stand = await httpStand()
  const { url: _, ...plain } = notice
  await send({ type: 'gotify', url: `${stand.url}/gotify/`, token: { env: 'T' }, privateNetwork: true }, { ...plain, severity: 'info' })
  const { method, path, headers, body } = only(stand)
  assert.deepEqual([method, path, headers['x-gotify-key']], ['POST', '/gotify/message', canary])
  assert.deepEqual(JSON.parse(body), { title: notice.title, message: notice.text, priority: 2 })
})

test('a webhook is signed over its timestamp and its body, byte for byte', async () => {
  await using stand = await httpStand()
  await send({ type: 'webhook', url: `${stand.url}/hook?a=b`, secret: { env: 'S' }, privateNetwork: true })
  const { path, headers, body } = only(stand)
  assert.equal(path, '/hook?a=b')
  assert.deepEqual(JSON.parse(body), { version: 1, ...notice })
  assert.equal(headers['holdfast-timestamp'], '1795255200')
  assert.equal(headers['holdfast-signature'], `sha256=${createHmac('sha256', canary).update(`1795255200.${body}`).digest('hex')}`)
  // The command of docs/how-to/notifications.md.
  const byHand = execFileSync('sh', ['-c', 'printf "%s.%s" "$timestamp" "$body" | openssl dgst -sha256 -hmac "$secret"'], { env: { PATH: process.env['PATH'], timestamp: '1795255200', body, secret: canary }, encoding: 'utf8' })
  assert.equal(headers['holdfast-signature'], `sha256=${byHand.trim().replace(/^.*= ?/, '')}`)
})

test('a template\'s values stay values in every type of content, and are not templates themselves', async () => {
  await using stand = await httpStand()
  const http = async (more: object): Promise<Asked> => {
    stand.asked.length = 0
    await send({ type: 'http', url: `${stand.url}/x`, privateNetwork: true, ...more })
    return only(stand)
  }
  const json = await http({ body: '{"chat_id": 1, "text": "{{title}}\\n{{ text }}", "k": "{{kind}} {{app}} {{state}} {{at}}", "u": "{{unknown}}"}' })
  assert.deepEqual(JSON.parse(json.body), { chat_id: 1, text: `${notice.title}\n${notice.text}`, k: 'failure erp failed 2026-11-21T10:00:00.000Z', u: '{{unknown}}' })
  assert.equal(json.headers['content-type'], 'application/json')
  const form = await http({ contentType: 'application/x-www-form-urlencoded', body: 't={{title}}&b={{text}}' })
  assert.deepEqual([...new URLSearchParams(form.body)], [['t', notice.title], ['b', notice.text]])
  const xml = await http({ contentType: 'application/xml', body: '<a b="{{title}}">{{text}}</a>' })
  assert.doesNotMatch(xml.body.replace(/^<a b="(.*)<\/a>$/s, '$1').replace('">', ''), /[<>"']|&(?!#\d+;)/)
  assert.equal((await http({ contentType: 'text/plain', body: '{{title}}' })).body, notice.title)
  for (const contentType of ['application/json', 'text/plain']) assert.ok((await http({ contentType })).body.includes('erp'), 'without a template there is a body too')
  const get = await http({ method: 'GET', url: `${stand.url}/send?text={{text}}` })
  assert.equal(new URL(get.path, stand.url).searchParams.get('text'), notice.text)
  assert.deepEqual([get.method, get.body], ['GET', ''])
})

test('headers of a request are secrets, and the content\'s type can be set there too', async () => {
  await using stand = await httpStand()
  await send({ type: 'http', url: stand.url, privateNetwork: true, headers: { 'Authorization': 'Bearer ${CANARY}', 'Content-Type': 'application/cloudevents+json' } })
  assert.deepEqual([only(stand).headers.authorization, only(stand).headers['content-type']], [`Bearer ${canary}`, 'application/cloudevents+json'])
})

const everyKind = (url: string): readonly object[] => [
  { type: 'ntfy', url, topic: { env: 'T' }, token: { env: 'T' } }, { type: 'gotify', url, token: { env: 'T' } }, { type: 'webhook', url: `${url}/\${CANARY}?x=\${CANARY}`, secret: { env: 'T' } },
  { type: 'http', url: `${url}/bot\${CANARY}/send`, headers: { 'X-Token': { env: 'T' }, 'Authorization': 'Bearer ${CANARY}' }, body: '{"k": "${CANARY}"}' },
]

test('a refusal tells status and answer, and no secret, even where the answer gives it back', async () => {
  await using stand = await httpStand()
  stand.answer = ({ path, body, headers }) => ({ status: 401, text: `no: ${path} ${body} ${JSON.stringify(headers)} ${canary} ${encodeURIComponent(canary)}`.slice(0, 4000) })
  for (const options of everyKind(stand.url)) {
    const { code, message, hint, retry } = await failureOf({ ...options, privateNetwork: true })
    assert.equal(code, 'report.failed')
    assert.match(message, /^127\.0\.0\.1:\d+ answered with status 401: no/)
    assert.match(hint ?? '', /token/)
    assert.equal(retry, false)
  }
  stand.answer = () => ({ status: 503 })
  assert.equal((await failureOf({ type: 'ntfy', url: stand.url, topic: 't', privateNetwork: true })).retry, true)
})

test('none reaches a private address unless that is allowed, and nothing of a failed connection tells a secret', async () => {
  await using stand = await httpStand()
  for (const options of everyKind(stand.url)) assert.equal((await failureOf(options)).code, 'network.refused')
  assert.equal(stand.asked.length, 0)
  for (const options of everyKind('http://127.0.0.1:1')) assert.equal((await failureOf({ ...options, privateNetwork: true })).code, 'network.failed')
  for (const url of ['${CANARY}', 'http://${CANARY}', 'http://[${CANARY}', 'gopher://${CANARY}/']) assert.match((await failureOf({ type: 'http', url })).code, /^network\./)
})
