import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { Secret } from '../../src/kit/secret.ts'
import { sendJeedomEvent } from '../../src/report/jeedom-events.ts'
import { jeedomServer } from './jeedom-server.ts'

const key = 'kEy/with+odd&signs=1'
const signal = new AbortController().signal

/** What a failing event says; nothing of it, in any form, may hold the key. */
async function failureOf(sending: Promise<void>): Promise<AppError> {
  const error: unknown = await sending.then(() => assert.fail('it did not fail'), (thrown: unknown) => thrown)
  assert.ok(error instanceof AppError, inspect(error))
  const all = inspect(error, { depth: 10 }) + JSON.stringify(error)
  for (const form of [key, encodeURIComponent(key), String(new URLSearchParams({ key })).slice(4)]) assert.ok(!all.includes(form), all)
  return error
}

test('an event is a GET with key, type, command and value, whatever signs they have', async () => {
  await using server = await jeedomServer()
  await sendJeedomEvent({ url: `${server.url}/jeedom/`, apiKey: new Secret(key) }, 1234, '{"a":"é & ?"}', signal)
  assert.deepEqual(server.asked, [{ method: 'GET', path: '/jeedom/core/api/jeeApi.php', query: { apikey: key, type: 'event', id: '1234', value: '{"a":"é & ?"}' } }])
})

test('a refusal with status 200 is a failure, and its text is shown without the key', async () => {
  await using server = await jeedomServer()
  server.answer = { status: 200, text: `Clé API non valide, vous n'êtes pas autorisé. Clé API : ${key} ou ${encodeURIComponent(key)}` }
  const { code, message } = await failureOf(sendJeedomEvent({ url: server.url, apiKey: new Secret(key) }, 1, 'x', signal))
  assert.equal(code, 'report.failed')
  assert.match(message, /refused the event: Clé API non valide.*\*\*\*/)
})

test('another status, a redirect and a server that is not there are failures', async () => {
  await using server = await jeedomServer()
  const access = { url: server.url, apiKey: new Secret(key) }
  server.answer = { status: 500, text: '' }
  assert.match((await failureOf(sendJeedomEvent(access, 1, 'x', signal))).message, /status 500/)
  server.answer = { status: 302, text: '', headers: { location: `${server.url}/elsewhere` } }
  await failureOf(sendJeedomEvent(access, 1, 'x', signal))
  assert.ok(server.asked.every(({ path }) => path !== '/elsewhere'), 'the key goes to nobody else')
  assert.match((await failureOf(sendJeedomEvent({ ...access, url: 'http://127.0.0.1:1' }, 1, 'x', signal))).message, /Jeedom at 127\.0\.0\.1:1 could not be told: .*(?:ECONNREFUSED|bad port)/)
})

test('a server that says nothing is waited for 10 seconds at most, and a cancel ends the wait', async (t) => {
  await using server = await jeedomServer()
  server.answer = { status: 200, text: '', delayMs: 60_000 }
  const limit = new AbortController()
  t.mock.method(AbortSignal, 'timeout', (ms: number) => {
    assert.equal(ms, 10_000)
    return limit.signal
  })
  const sending = sendJeedomEvent({ url: server.url, apiKey: new Secret(key) }, 1, 'x', signal)
  setTimeout(() => limit.abort(), 50)
  assert.match((await failureOf(sending)).message, /did not answer within 10 seconds/)
  t.mock.restoreAll()
  const cancel = new AbortController()
  const cancelled = sendJeedomEvent({ url: server.url, apiKey: new Secret(key) }, 1, 'x', cancel.signal)
  setTimeout(() => cancel.abort(), 50)
  assert.equal((await failureOf(cancelled)).code, 'interrupted')
})

test('an answer without end is not read to its end', async () => {
  await using server = await jeedomServer()
  server.answer = { status: 200, text: 'x'.repeat(5_000_000) }
  assert.ok((await failureOf(sendJeedomEvent({ url: server.url, apiKey: new Secret(key) }, 1, 'x', signal))).message.length < 400)
})
