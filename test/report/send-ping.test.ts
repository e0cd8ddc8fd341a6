import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { Secret } from '../../src/kit/secret.ts'
import { pingOptionsSchema } from '../../src/report/ping-options.ts'
import { sendPing } from '../../src/report/send-ping.ts'
import type { PingKind } from '../../src/report/send-ping.ts'
import { httpStand } from '../fixtures/http-stand.ts'

const { signal } = new AbortController()
const check = '5f1d0c3a-caN4ry-s3cret'

async function ping(url: string, kind: PingKind, more: object = {}, text = 'the log\'s end'): Promise<void> {
  await sendPing(pingOptionsSchema.parse({ url: 'x', privateNetwork: true, ...more }), { kind, run: '0123456789abcdef', text }, { readSecret: async () => new Secret(url), wait: async () => undefined }, signal)
}

test('start, success, fail and log go to their own addresses, of one run, with the log', async () => {
  await using stand = await httpStand()
  for (const kind of ['start', 'success', 'fail', 'log'] as const) await ping(`${stand.url}/${check}/?create=1`, kind)
  const rid = '30313233-3435-3637-3839-616263646566'
  assert.deepEqual(stand.asked.map(({ method, path, body }) => [method, path, body]), ['/start', '', '/fail', '/log'].map((end) => ['POST', `/${check}${end}?create=1&rid=${rid}`, 'the log\'s end']))
})

test('a GET has no body', async () => {
  await using stand = await httpStand()
  await ping(`${stand.url}/${check}`, 'fail', { method: 'GET' })
  assert.deepEqual([stand.asked[0]?.method, stand.asked[0]?.body], ['GET', ''])
})

test('of a long log the end is sent, and no half of a character', async () => {
  await using stand = await httpStand()
  await ping(`${stand.url}/${check}`, 'success', {}, `begin ${'é'.repeat(20_000)}x end`)
  const body = stand.asked[0]?.body ?? ''
  assert.match(body, /^é+x end$/)
  assert.ok(Buffer.byteLength(body) <= 10_000 && Buffer.byteLength(body) > 9_990)
})

test('a check that is ill for a moment is told all the same, one that is not there is not asked again', async () => {
  await using stand = await httpStand()
  let left = 3
  stand.answer = () => ({ status: left-- > 0 ? 503 : 200 })
  await ping(`${stand.url}/${check}`, 'success')
  assert.equal(stand.asked.length, 4)
  stand.answer = () => ({ status: 404 })
  await assert.rejects(ping(`${stand.url}/${check}`, 'success'), { code: 'report.failed' })
  assert.equal(stand.asked.length, 5)
})

test('no error tells the check\'s address', async () => {
  await using stand = await httpStand()
  stand.answer = ({ path }) => ({ status: 400, text: path })
  const attempts: readonly [url: string, kind: PingKind, more?: object][] = [[`${stand.url}/${check}`, 'start'], [`${stand.url}/${check}`, 'start', { privateNetwork: false }], [`http://127.0.0.1:1/${check}`, 'log'], [check, 'log'], [`ftp://h/${check}`, 'log']]
  for (const attempt of attempts) {
    const error: unknown = await ping(...attempt).then(() => assert.fail('it did not fail'), (thrown: unknown) => thrown)
    assert.ok(error instanceof AppError, inspect(error))
    assert.ok(!(inspect(error, { depth: 10 }) + JSON.stringify(error)).includes('caN4ry'), inspect(error))
  }
})
