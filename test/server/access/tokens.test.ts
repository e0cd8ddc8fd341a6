import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Principal } from '../../../src/model/principal.ts'
import type { Access } from '../../../src/server/access/access.ts'
import { device, password, withAnna } from './with-access.ts'

async function by(access: Access, headers: Record<string, string>): Promise<Principal> {
  return await access.authenticate(new Request('http://h/api/status', { headers }), '192.0.2.1', true)
}

test('a token says who asks until it is revoked or expires', async () => {
  await withAnna(async ({ access, clock }) => {
    const { text, id, ...shown } = await access.tokens.create({ name: 'monitor', kind: 'api', role: 'operator', apps: ['erp'], days: 30 })
    assert.match(text, /^hf_[A-Za-z0-9_-]{43}$/)
    assert.deepEqual(shown, { name: 'monitor', kind: 'api', role: 'operator', apps: ['erp'], createdAt: '2026-03-01T12:00:00.000Z', expiresAt: '2026-03-31T12:00:00.000Z' })
    assert.deepEqual(await by(access, { authorization: `Bearer ${text}` }), { kind: 'token', id, name: 'monitor', tokenKind: 'api', role: 'operator', apps: ['erp'] })
    for (const authorization of [text, `Basic ${text}`, `Bearer ${text}x`, `Bearer ${text.toLowerCase()}`, 'Bearer hf_', 'Bearer ', `Bearer ${'x'.repeat(10_000)}`]) assert.equal((await by(access, { authorization })).kind, 'anonymous', authorization.slice(0, 60))
    clock.pass({ days: 30 })
    assert.equal((await by(access, { authorization: `Bearer ${text}` })).kind, 'anonymous')
    const other = await access.tokens.create({ name: 'other', kind: 'api', role: 'viewer' })
    await access.tokens.revoke(other.id)
    assert.equal((await by(access, { authorization: `Bearer ${other.text}` })).kind, 'anonymous')
    await assert.rejects(access.tokens.revoke(other.id), { code: 'access.unknown' })
    assert.deepEqual((await access.tokens.list()).map((token) => token.id), [id])
  })
})

test('where a token is sent it counts alone: a bad one is not made good by a cookie', async () => {
  await withAnna(async ({ access }) => {
    const cookie = `__Host-holdfast=${await access.signIn.signIn({ name: 'anna', password }, device)}`
    assert.equal((await by(access, { cookie })).kind, 'account')
    assert.equal((await by(access, { cookie, authorization: 'Bearer hf_nothing' })).kind, 'anonymous')
  })
})

test('a widget token may stand in the address of a widget, other tokens may not, and nowhere else', async () => {
  await withAnna(async ({ access }) => {
    const widget = await access.tokens.create({ name: 'tile', kind: 'widget', role: 'viewer', apps: ['erp'], frameAncestors: ['https://intranet.example'] })
    const api = await access.tokens.create({ name: 'monitor', kind: 'api', role: 'admin' })
    const at = async (token: string, route?: { access: 'widget' | 'viewer' }): Promise<Principal> => await access.authenticate(new Request(`http://h/widget/erp?token=${token}`), '192.0.2.1', true, route)
    const found = await at(widget.text, { access: 'widget' })
    assert.ok(found.kind === 'token' && found.tokenKind === 'widget')
    assert.deepEqual(found.frameAncestors, ['https://intranet.example'])
    assert.equal((await at(api.text, { access: 'widget' })).kind, 'anonymous')
    assert.equal((await at(widget.text, { access: 'viewer' })).kind, 'anonymous')
    assert.equal((await at(widget.text)).kind, 'anonymous')
    assert.equal(access.authorize(found, { method: 'GET', path: '/widget/:app', access: 'widget' }, { app: 'erp' }).allowed, true)
    assert.equal(access.authorize(found, { method: 'GET', path: '/widget/:app', access: 'widget' }, { app: 'wiki' }).allowed, false)
  })
})

test('a widget token only reads, and only widget tokens have pages', async () => {
  await withAnna(async ({ access }) => {
    await assert.rejects(access.tokens.create({ name: 'x', kind: 'widget', role: 'operator' }), { code: 'usage' })
    await assert.rejects(access.tokens.create({ name: 'x', kind: 'api', role: 'viewer', frameAncestors: ['https://a.example'] }), { code: 'usage' })
  })
})

test('the time of use is written once a minute at most', async () => {
  await withAnna(async ({ access, clock }) => {
    const { text } = await access.tokens.create({ name: 'x', kind: 'api', role: 'viewer' })
    const used = async (): Promise<string | undefined> => {
      await by(access, { authorization: `Bearer ${text}` })
      return (await access.tokens.list())[0]?.usedAt
    }
    const first = await used()
    assert.ok(first)
    clock.pass({ seconds: 59 })
    assert.equal(await used(), first)
    clock.pass({ seconds: 1 })
    assert.notEqual(await used(), first)
  })
})
