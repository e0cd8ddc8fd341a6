import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { z } from 'zod'
import { accountSchema, auditPageSchema, createdTokenSchema, deviceSchema, sessionInfoSchema, tokenSchema, totpBeginSchema } from '../../../src/model/api/access.ts'
import { problemSchema } from '../../../src/model/api/problem.ts'
import type { Access } from '../../../src/server/access/access.ts'
import { errorResponse } from '../../../src/server/http/answers.ts'
import { httpApp } from '../../../src/server/http/http-app.ts'
import { WebFiles } from '../../../src/server/http/web-files.ts'
import { accessRoutes } from '../../../src/server/routes/access-routes.ts'
import type { Trial } from './with-access.ts'
import { password, withAccess } from './with-access.ts'

/** A browser, or a program: keeps the cookie that it is given. */
class Client {
  cookie = ''
  setCookie = ''
  readonly #app: ReturnType<typeof httpApp>
  readonly #headers: Record<string, string>

  constructor(access: Access, headers: Record<string, string> = { 'x-holdfast': '1' }) {
    const server = Object.assign(Object.create(null), { access, options: { basePath: '/', hosts: [], trustedProxies: [] }, failed: errorResponse, commandLine: () => 'holdfast' })
    this.#app = httpApp(server, accessRoutes, WebFiles.open(), false)
    this.#headers = headers
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown; headers: Headers }> {
    const headers = { host: '127.0.0.1', 'user-agent': 'Test', ...this.#headers, ...(this.cookie !== '' && { cookie: this.cookie }), ...(body !== undefined && { 'content-type': 'application/json' }) }
    const response = await this.#app.request(`http://127.0.0.1${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) }, { incoming: { socket: { remoteAddress: '192.0.2.1' } } })
    const setCookie = response.headers.get('set-cookie')
    if (setCookie !== null) {
      this.setCookie = setCookie
      this.cookie = setCookie.split(';')[0] ?? ''
    }
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text), headers: response.headers }
  }

  /** The answer's body where it has this status. */
  async get<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown, status = 200): Promise<T> {
    const answer = await this.ask(method, path, body)
    assert.equal(answer.status, status, JSON.stringify(answer.body))
    return schema.parse(answer.body)
  }

  async done(method: string, path: string, body?: unknown): Promise<void> {
    await this.get(z.undefined(), method, path, body, 204)
  }

  /** The code of an answer that refuses. */
  async refused(method: string, path: string, body?: unknown): Promise<[number, string]> {
    const answer = await this.ask(method, path, body)
    return [answer.status, problemSchema.parse(answer.body).code]
  }
}

async function withAdmin(body: (trial: Trial & { client: Client }) => Promise<void>): Promise<void> {
  await withAccess(async (trial) => {
    const client = new Client(trial.access)
    await client.get(sessionInfoSchema, 'POST', '/api/setup', { token: trial.access.setupToken(), name: 'anna', password })
    await body({ ...trial, client })
  })
}

test('from the first account to signing out', async () => {
  await withAccess(async ({ access, clock }) => {
    const client = new Client(access)
    assert.deepEqual(await client.get(sessionInfoSchema, 'GET', '/api/session'), { setup: true }, 'strangers are told no version')
    assert.deepEqual(await client.refused('POST', '/api/setup', { token: 'wrong', name: 'anna', password }), [403, 'access.setup'])
    assert.deepEqual(await client.refused('POST', '/api/setup', { token: access.setupToken(), name: 'anna', password: 'short' }), [400, 'usage'])
    const made = await client.get(sessionInfoSchema, 'POST', '/api/setup', { token: access.setupToken(), name: 'anna', password })
    assert.deepEqual([made.setup, made.user, made.elevatedUntil], [false, { name: 'anna', role: 'admin', totp: false }, new Date(clock.ms + 600_000).toISOString()])
    assert.match(client.setCookie, /^holdfast=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/)
    clock.pass({ minutes: 10 })
    assert.equal((await client.get(sessionInfoSchema, 'GET', '/api/session')).elevatedUntil, undefined)
    assert.equal((await client.get(sessionInfoSchema, 'POST', '/api/step-up', { password })).elevatedUntil, new Date(clock.ms + 600_000).toISOString())
    const old = client.cookie
    await client.done('DELETE', '/api/session')
    assert.match(client.setCookie, /^holdfast=; .*Max-Age=0$/)
    client.cookie = old
    assert.deepEqual(await client.refused('GET', '/api/sessions'), [401, 'access.required'])
    assert.equal((await client.get(sessionInfoSchema, 'GET', '/api/session')).user, undefined)
  })
})

test('a sign-in gives a new session and ends the one that the browser came with', async () => {
  await withAdmin(async ({ client }) => {
    const before = client.cookie
    await client.get(sessionInfoSchema, 'POST', '/api/session', { name: 'anna', password })
    assert.notEqual(client.cookie, before)
    assert.equal((await client.get(z.array(deviceSchema), 'GET', '/api/sessions')).length, 1)
    client.cookie = before
    assert.deepEqual(await client.refused('GET', '/api/sessions'), [401, 'access.required'])
  })
})

test('a cookie that somebody planted is not the session after the sign-in', async () => {
  await withAdmin(async ({ access }) => {
    const victim = new Client(access)
    victim.cookie = `holdfast=${'A'.repeat(43)}`
    await victim.get(sessionInfoSchema, 'POST', '/api/session', { name: 'anna', password })
    assert.ok(!victim.cookie.includes('AAAA'))
  })
})

test('wrong sign-ins answer 401, then 429 with Retry-After', async () => {
  await withAdmin(async ({ access }) => {
    const client = new Client(access)
    for (let round = 0; round < 5; round += 1) assert.deepEqual(await client.refused('POST', '/api/session', { name: 'anna', password: 'wrong password' }), [401, 'access.wrong'])
    const answer = await client.ask('POST', '/api/session', { name: 'anna', password })
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '2'])
    assert.equal(client.cookie, '')
  })
})

test('an authenticator is begun, confirmed, asked for and turned off', async () => {
  await withAdmin(async ({ access, clock, client }) => {
    const { secret } = await client.get(totpBeginSchema, 'POST', '/api/account/totp')
    const code = (): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: clock.ms })
    await client.done('POST', '/api/account/totp/confirm', { totp: code() })
    clock.pass({ minutes: 1 })
    const other = new Client(access)
    assert.deepEqual(await other.refused('POST', '/api/session', { name: 'anna', password }), [401, 'access.totp'])
    assert.equal((await other.get(sessionInfoSchema, 'POST', '/api/session', { name: 'anna', password, totp: code() })).user?.totp, true)
    clock.pass({ minutes: 10 })
    assert.deepEqual(await client.refused('DELETE', '/api/account/totp'), [403, 'access.step-up'])
    await client.get(sessionInfoSchema, 'POST', '/api/step-up', { password, totp: code() })
    await client.done('DELETE', '/api/account/totp')
    await new Client(access).get(sessionInfoSchema, 'POST', '/api/session', { name: 'anna', password })
  })
})

test('accounts are added, changed and removed by an admin whose password was just given', async () => {
  await withAdmin(async ({ access, clock, client }) => {
    const second = 'second password'
    await client.done('POST', '/api/users', { name: 'vera', password: second, role: 'viewer' })
    assert.deepEqual(await client.refused('POST', '/api/users', { name: 'Vera', password: second, role: 'viewer' }), [409, 'access.exists'])
    const vera = new Client(access)
    await vera.get(sessionInfoSchema, 'POST', '/api/session', { name: 'vera', password: second })
    for (const [method, path] of [['GET', '/api/users'], ['POST', '/api/users'], ['PATCH', '/api/users/anna'], ['DELETE', '/api/users/anna'], ['GET', '/api/tokens'], ['POST', '/api/tokens'], ['GET', '/api/audit']] as const) assert.deepEqual(await vera.refused(method, path), [403, 'access.denied'], path)
    await client.done('PATCH', '/api/users/vera', { role: 'operator' })
    assert.equal((await vera.get(sessionInfoSchema, 'GET', '/api/session')).user?.role, 'operator')
    await client.done('PATCH', '/api/users/vera', { password: 'third password' })
    assert.deepEqual(await vera.refused('GET', '/api/sessions'), [401, 'access.required'])
    assert.deepEqual(await client.refused('DELETE', '/api/users/anna'), [409, 'access.last-admin'])
    assert.deepEqual((await client.get(z.array(accountSchema), 'GET', '/api/users')).map(({ name, role }) => [name, role]), [['anna', 'admin'], ['vera', 'operator']])
    clock.pass({ minutes: 10 })
    assert.deepEqual(await client.refused('DELETE', '/api/users/vera'), [403, 'access.step-up'])
    await client.get(sessionInfoSchema, 'POST', '/api/step-up', { password })
    await client.done('DELETE', '/api/users/vera')
    assert.deepEqual(await client.refused('DELETE', '/api/users/vera'), [404, 'access.unknown'])
  })
})

test('one\'s own password is changed with the old one, and other devices are signed out one by one', async () => {
  await withAdmin(async ({ access, client }) => {
    const [phone, tablet] = [new Client(access), new Client(access)]
    for (const other of [phone, tablet]) await other.get(sessionInfoSchema, 'POST', '/api/session', { name: 'anna', password })
    const devices = await client.get(z.array(deviceSchema), 'GET', '/api/sessions')
    assert.equal(devices.length, 3)
    const [{ session } = { session: '' }] = [await access.authenticate(new Request('http://h/', { headers: { cookie: phone.cookie } }), '', false)].flatMap((principal) => principal.kind === 'account' ? [principal] : [])
    await client.done('DELETE', `/api/sessions/${session}`)
    assert.deepEqual(await phone.refused('GET', '/api/sessions'), [401, 'access.required'])
    assert.deepEqual(await client.refused('DELETE', `/api/sessions/${session}`), [404, 'access.unknown'])
    assert.deepEqual(await client.refused('POST', '/api/account/password', { password: 'wrong password', newPassword: 'second password' }), [401, 'access.wrong'])
    await client.done('POST', '/api/account/password', { password, newPassword: 'second password' })
    assert.deepEqual(await tablet.refused('GET', '/api/sessions'), [401, 'access.required'])
    await client.get(z.array(deviceSchema), 'GET', '/api/sessions')
  })
})

test('a token is shown once, works, and may not do what asks people for a password, whatever its role', async () => {
  await withAdmin(async ({ access, client }) => {
    const token = await client.get(createdTokenSchema, 'POST', '/api/tokens', { name: 'monitor', role: 'admin' }, 201)
    assert.ok(!JSON.stringify(await client.get(z.array(tokenSchema), 'GET', '/api/tokens')).includes(token.text))
    const program = new Client(access, { authorization: `Bearer ${token.text}` })
    await program.get(z.array(accountSchema), 'GET', '/api/users')
    for (const route of accessRoutes.filter(({ stepUp, people }) => stepUp === true || people === true)) assert.deepEqual(await program.refused(route.method, route.path.replaceAll(/:\w+/g, 'x')), [403, 'access.denied'], route.path)
    await client.done('DELETE', `/api/tokens/${token.id}`)
    assert.deepEqual(await program.refused('GET', '/api/users'), [401, 'access.required'])
  })
})

test('the audit log tells who did what, and never what was typed', async () => {
  await withAdmin(async ({ access, client }) => {
    const stranger = new Client(access)
    await stranger.refused('POST', '/api/session', { name: 'my-password-by-mistake', password: 'wrong password' })
    await stranger.refused('POST', '/api/session', { name: 'ANNA', password: 'wrong password' })
    await stranger.refused('DELETE', '/api/users/anna')
    await client.done('POST', '/api/users', { name: 'vera', password: 'second password', role: 'viewer' })
    await client.get(createdTokenSchema, 'POST', '/api/tokens', { name: 'tile', kind: 'widget', apps: ['erp'] }, 201)
    const page = await client.get(auditPageSchema, 'GET', '/api/audit?limit=20')
    assert.deepEqual(page.entries.map(({ who, action, target, outcome }) => [who, action, target, outcome]), [
      ['anna', 'make a token', 'tile (widget, viewer)', 'ok'],
      ['anna', 'add an account', 'vera (viewer)', 'ok'],
      ['nobody', 'remove an account', 'anna', 'denied'],
      ['anna', 'sign in', undefined, 'denied'],
      ['unknown account', 'sign in', undefined, 'denied'],
      ['anna', 'set up', undefined, 'ok'],
    ])
    assert.equal((await client.get(auditPageSchema, 'GET', '/api/audit?limit=2')).next !== undefined, true)
  })
})
