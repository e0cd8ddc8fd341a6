import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { auditPageSchema, deviceSchema } from '../../../src/model/api/access.ts'
import { configTextSchema } from '../../../src/model/api/settings.ts'
import type { Reply } from './running-server.ts'
import { cookieOf, demoMachine, passwords, RunningServer } from './running-server.ts'

const viewer = { name: 'viewer', password: passwords.viewer }

test('behind a trusted proxy the client and its HTTPS are known; without the trust the same headers are not believed', async () => {
  await using server = await RunningServer.start(await demoMachine(() => ({ server: { hosts: ['backups.example'], trustedProxies: ['127.0.0.1', '10.0.0.0/8'] } })))
  const through = { 'x-forwarded-for': '198.51.100.66, 203.0.113.7, 10.1.2.3', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'backups.example', 'origin': 'https://backups.example' }
  const signIn = async (headers: Record<string, string>): Promise<Reply> => await server.ask('POST', '/api/session', viewer, { as: 'nobody', headers })
  const addresses = async (): Promise<readonly string[]> => (await server.get(auditPageSchema, 'GET', '/api/audit')).entries.filter(({ action, who }) => action === 'sign in' && who === 'viewer').map(({ address }) => address)

  const signed = await signIn(through)
  assert.equal(signed.status, 200, signed.text)
  assert.match(signed.headers['set-cookie']?.join() ?? '', /^__Host-holdfast=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict; Max-Age=\d+$/)
  assert.match(signed.headers['strict-transport-security'] ?? '', /^max-age=\d{7,}/)
  assert.equal((await addresses())[0], '203.0.113.7', 'neither what the client wrote itself nor a proxy between')
  const cookie = cookieOf(signed)
  const devices = await server.get(z.array(deviceSchema), 'GET', '/api/sessions', undefined, { as: 'nobody', headers: { ...through, cookie } })
  assert.equal(devices.find(({ current }) => current)?.address, '203.0.113.7')
  assert.equal(await server.refused('GET', '/api/sessions', undefined, { as: 'nobody', headers: { cookie } }), '401 access.required', 'over plain HTTP the cookie of HTTPS is none')
  assert.equal(await server.refused('GET', '/api/sessions', undefined, { as: 'nobody', headers: { ...through, cookie: cookie.replace('__Host-', '') } }), '401 access.required', 'nor the other way round')
  assert.equal(await server.refused('GET', '/api/session', undefined, { headers: { ...through, 'x-forwarded-host': 'evil.example' } }), '421 access.host')

  const { etag } = await server.get(configTextSchema, 'GET', '/api/config')
  await server.get(configTextSchema, 'PATCH', '/api/config', { etag, changes: [{ path: ['server', 'trustedProxies'], value: ['127.0.0.2', '10.0.0.0/8'] }] })
  const { origin: _, ...forged } = through
  const direct = await signIn(forged)
  assert.equal(direct.status, 200, direct.text)
  assert.match(cookieOf(direct), /^holdfast=/)
  assert.doesNotMatch(direct.headers['set-cookie']?.join() ?? '', /Secure|__Host-/)
  assert.equal(direct.headers['strict-transport-security'], undefined)
  assert.equal((await addresses())[0], '127.0.0.1')
})

const policy = {
  'default-src': '\'none\'', 'script-src': '\'self\'', 'style-src': '\'self\' \'unsafe-inline\'', 'img-src': '\'self\' data:', 'font-src': '\'self\'', 'connect-src': '\'self\'',
  'frame-src': '\'self\'', 'frame-ancestors': '\'none\'', 'base-uri': '\'self\'', 'form-action': '\'none\'', 'manifest-src': '\'self\'',
}

test('the page and all answers run nothing foreign, stand in no frame, and tell no other server where they were', async () => {
  await using server = await RunningServer.start(await demoMachine())
  const asked: readonly (readonly [string, string, Record<string, string>?])[] = [
    ['GET', '/'], ['GET', '/apps/demo'], ['GET', '/assets/none.js'], ['GET', '/api/session'], ['GET', '/api/apps'], ['GET', '/api/status'], ['GET', '/metrics'], ['GET', '/api/nothing'],
    ['POST', '/api/apps/ghost/backup'], ['PUT', '/'], ['GET', '/api/apps', { host: 'evil.example' }],
  ]
  for (const [method, path, headers = {}] of asked) {
    const reply = await server.ask(method, path, method === 'GET' ? undefined : {}, { headers })
    const what = `${method} ${path} ${reply.status}`
    const directives = (reply.headers['content-security-policy'] ?? '').toString().split('; ').map((part): [string, string] => [part.slice(0, part.indexOf(' ')), part.slice(part.indexOf(' ') + 1)])
    assert.equal(directives.length, Object.keys(policy).length, what)
    assert.deepEqual(Object.fromEntries(directives), policy, what)
    const { 'x-content-type-options': sniffing, 'referrer-policy': referrer, 'cross-origin-opener-policy': opener, 'cross-origin-resource-policy': resource, 'permissions-policy': permissions, 'cache-control': cache } = reply.headers
    assert.deepEqual([sniffing, referrer, opener, resource], ['nosniff', 'no-referrer', 'same-origin', 'same-origin'], what)
    assert.match(permissions?.toString() ?? '', /camera=\(\).*geolocation=\(\)/, what)
    if (path.startsWith('/api') || path === '/metrics') assert.equal(cache, 'no-store', what)
    assert.equal(reply.headers['strict-transport-security'], undefined, `${what}: plain HTTP promises nothing`)
    assert.equal(reply.headers['access-control-allow-origin'], undefined, what)
    // What the policy forbids must not stand there either.
    for (const [tag] of reply.text.matchAll(/<script[^>]*>/g)) assert.match(tag, / src="\.\//, tag)
    assert.doesNotMatch(reply.text, / on[a-z]+="/, what)
  }
})
