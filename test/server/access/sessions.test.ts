import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionCookie, sessionOf } from '../../../src/server/access/session-cookie.ts'
import { device, password, personOf, whoHas, withAnna } from './with-access.ts'

test('a session ends after a week without use, and after thirty days in any case', async () => {
  await withAnna(async ({ access, clock }) => {
    const idle = await access.signIn.signIn({ name: 'anna', password }, device)
    const used = await access.signIn.signIn({ name: 'anna', password }, device)
    for (let days = 0; days < 29; days += 1) {
      clock.pass({ days: 1 })
      assert.equal((await whoHas(access, used)).kind, 'account', `day ${days}`)
    }
    assert.equal((await whoHas(access, idle)).kind, 'anonymous')
    clock.pass({ days: 1 })
    assert.equal((await whoHas(access, used)).kind, 'anonymous')
    assert.deepEqual(await access.sessions.list('anna', ''), [])
  })
})

test('devices are listed with the own one marked, and can be signed out by their account alone', async () => {
  await withAnna(async ({ access, clock }) => {
    await access.accounts.add({ name: 'eve', password, role: 'admin' })
    const here = await access.signIn.signIn({ name: 'anna', password }, { address: '192.0.2.1', agent: 'Firefox\n\u001b[2J' })
    clock.pass({ seconds: 1 })
    const there = await access.signIn.signIn({ name: 'anna', password }, { address: '192.0.2.2', agent: 'Safari' })
    const { session } = await personOf(access, here)
    const devices = await access.sessions.list('anna', session)
    assert.deepEqual(devices.map(({ agent, address, current }) => [agent, address, current]), [['Safari', '192.0.2.2', false], ['Firefox\\u{a}\\u{1b}[2J', '192.0.2.1', true]])
    const other = devices[0]?.id ?? ''
    assert.equal(await access.sessions.end('eve', other), false)
    assert.equal((await whoHas(access, there)).kind, 'account')
    assert.equal(await access.sessions.end('anna', other), true)
    assert.equal((await whoHas(access, there)).kind, 'anonymous')
    assert.equal((await whoHas(access, here)).kind, 'account')
  })
})

test('a changed password ends the other sessions; one that an admin or the machine sets ends all', async () => {
  await withAnna(async ({ access }) => {
    const [here, there] = [await access.signIn.signIn({ name: 'anna', password }, device), await access.signIn.signIn({ name: 'anna', password }, device)]
    await assert.rejects(access.signIn.changePassword(await personOf(access, here), { password: 'wrong password', newPassword: 'second password' }, device.address), { code: 'access.wrong' })
    assert.equal((await whoHas(access, there)).kind, 'account')
    await access.signIn.changePassword(await personOf(access, here), { password, newPassword: 'second password' }, device.address)
    assert.deepEqual([(await whoHas(access, here)).kind, (await whoHas(access, there)).kind], ['account', 'anonymous'])
    await assert.rejects(access.signIn.signIn({ name: 'anna', password }, device), { code: 'access.wrong' })
    await access.accounts.setPassword('anna', 'third password')
    assert.equal((await whoHas(access, here)).kind, 'anonymous')
  })
})

test('a removed account is out at once, and one that is made less may do less at once', async () => {
  await withAnna(async ({ access }) => {
    await access.accounts.add({ name: 'eve', password, role: 'admin' })
    const session = await access.signIn.signIn({ name: 'eve', password }, device)
    await access.accounts.setRole('eve', 'viewer')
    assert.equal((await personOf(access, session)).role, 'viewer')
    await access.accounts.remove('eve')
    assert.equal((await whoHas(access, session)).kind, 'anonymous')
    // Another account of the same name is another account.
    await access.accounts.add({ name: 'eve', password, role: 'viewer' })
    assert.equal((await whoHas(access, session)).kind, 'anonymous')
  })
})

test('what the command line changes in the file holds for the server from the next request on', async () => {
  await withAnna(async ({ access, reopen }) => {
    const session = await access.signIn.signIn({ name: 'anna', password }, device)
    const commandLine = await reopen()
    await commandLine.accounts.setPassword('anna', 'second password')
    assert.equal((await whoHas(access, session)).kind, 'anonymous')
  })
})

test('an account has fifty sessions at most; the ones that were not used for longest go', async () => {
  await withAnna(async ({ access, clock }) => {
    const first = await access.signIn.signIn({ name: 'anna', password }, device)
    const account = await access.accounts.find('anna')
    assert.ok(account)
    for (let round = 0; round < 50; round += 1) {
      clock.pass({ seconds: 1 })
      await access.sessions.begin(account.id, account.password, device)
    }
    assert.equal((await access.sessions.list('anna', '')).length, 50)
    assert.equal((await whoHas(access, first)).kind, 'anonymous')
  })
})

test('the time of use is written once a minute at most', async () => {
  await withAnna(async ({ access, clock }) => {
    const session = await access.signIn.signIn({ name: 'anna', password }, device)
    const seen = async (): Promise<string | undefined> => {
      await whoHas(access, session)
      return (await access.sessions.list('anna', ''))[0]?.seenAt
    }
    const begun = await seen()
    clock.pass({ seconds: 59 })
    assert.equal(await seen(), begun)
    clock.pass({ seconds: 1 })
    assert.notEqual(await seen(), begun)
  })
})

test('over HTTPS the cookie is bound to the host, on plain HTTP to the path; each is read from its own kind of connection', () => {
  const text = 'a'.repeat(43)
  assert.equal(sessionCookie(text, true, '/holdfast/'), `__Host-holdfast=${text}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=2592000`)
  assert.equal(sessionCookie(text, false, '/holdfast/'), `holdfast=${text}; Path=/holdfast/; HttpOnly; SameSite=Strict; Max-Age=2592000`)
  assert.equal(sessionCookie(undefined, false, '/'), 'holdfast=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0')
  const asking = (cookie: string): Request => new Request('http://h/', { headers: { cookie } })
  assert.equal(sessionOf(asking(`x=1; holdfast=${text}`), false), text)
  assert.equal(sessionOf(asking(`x=1; holdfast=${text}`), true), undefined)
  assert.equal(sessionOf(asking(`__Host-holdfast=${text}; y=2`), true), text)
  assert.equal(sessionOf(asking(`__Host-holdfast=${text}`), false), undefined)
  assert.equal(sessionOf(asking(`holdfast=${text}x`), false), undefined)
  assert.equal(sessionOf(asking('holdfast'), false), undefined)
})
