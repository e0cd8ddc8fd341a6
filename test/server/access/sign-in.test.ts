import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Access } from '../../../src/server/access/access.ts'
import { currentCost } from '../../../src/server/access/password-hash.ts'
import { cheap, device, password, personOf, whoHas, withAccess, withAnna } from './with-access.ts'

test('the first account is made with the token of the console, once, as an admin that is signed in', async () => {
  await withAccess(async ({ access }) => {
    assert.equal(await access.hasAccounts(), false)
    await assert.rejects(access.signIn.setUp({ token: `${access.setupToken()}x`, name: 'anna', password }, device), { code: 'access.setup' })
    await assert.rejects(access.signIn.setUp({ token: '', name: 'anna', password }, device), { code: 'access.setup' })
    assert.equal(await access.hasAccounts(), false)
    const session = await access.signIn.setUp({ token: access.setupToken(), name: 'anna', password }, device)
    const person = await personOf(access, session)
    assert.deepEqual([person.name, person.role], ['anna', 'admin'])
    assert.equal(await access.hasAccounts(), true)
    await assert.rejects(access.signIn.setUp({ token: access.setupToken(), name: 'eve', password }, device), { code: 'access.setup' })
    assert.deepEqual((await access.accounts.list()).map(({ name }) => name), ['anna'])
  })
})

test('of two who set up at once one makes the account', async () => {
  await withAccess(async ({ access }) => {
    const token = access.setupToken()
    const both = await Promise.allSettled(['anna', 'eve'].map(async (name) => await access.signIn.setUp({ token, name, password }, device)))
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await access.accounts.list()).length, 1)
  })
})

test('the token of the console is another one with each start, and is not stored', async () => {
  await withAccess(async ({ access, reopen }) => {
    const again = await reopen()
    assert.notEqual(access.setupToken(), again.setupToken())
    await assert.rejects(again.signIn.setUp({ token: access.setupToken(), name: 'anna', password }, device), { code: 'access.setup' })
  })
})

test('a wrong name and a wrong password are told by the same sentence', async () => {
  await withAnna(async ({ access }) => {
    const errors: unknown[] = []
    for (const given of [{ name: 'anna', password: 'wrong password' }, { name: 'nobody', password }, { name: '', password: '' }]) await access.signIn.signIn(given, device).catch((error: unknown) => errors.push(error))
    assert.deepEqual(errors.map((error) => error instanceof Error ? [error.message, 'code' in error && error.code] : []), errors.map(() => ['The name or the password is wrong', 'access.wrong']))
    assert.equal((await personOf(access, await access.signIn.signIn({ name: 'ANNA', password }, device))).name, 'anna')
  })
})

test('a sign-in takes as long for an account that does not exist', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    let nowMs = 0
    // Hours between the attempts, so that none is refused before it is compared.
    await using access = await Access.open(folder, { now: () => (nowMs += 3_600_000) })
    await access.accounts.add({ name: 'anna', password, role: 'admin' })
    // The processor's time, not the clock's: other work on the machine adds to that one.
    const time = async (name: string): Promise<number> => {
      const before = process.cpuUsage()
      await assert.rejects(access.signIn.signIn({ name, password: 'wrong password' }, device), { code: 'access.wrong' })
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }
    await time('warm-up')
    let [known, unknown] = [Infinity, Infinity]
    for (let round = 0; round < 3; round += 1) {
      known = Math.min(known, await time('anna'))
      unknown = Math.min(unknown, await time('nobody'))
    }
    assert.ok(known / unknown > 0.6 && known / unknown < 1.6, `${known} ms for a known name, ${unknown} ms for an unknown one`)
    assert.ok(known > 10, `${known} ms: a guess must cost something`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a hash of another cost is replaced at the next sign-in, and then the same password still fits', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    const open = async (passwordCost: typeof cheap): Promise<Access> => await Access.open(folder, { now: Date.now, passwordCost })
    {
      await using access = await open(cheap)
      await access.accounts.add({ name: 'anna', password, role: 'admin' })
    }
    await using access = await open({ ...cheap, passes: 2 })
    const before = (await access.accounts.find('anna'))?.password ?? ''
    assert.match(before, /^\$argon2id\$v=19\$m=8,t=1,p=1\$/)
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, device))
    const after = (await access.accounts.find('anna'))?.password ?? ''
    assert.match(after, /^\$argon2id\$v=19\$m=8,t=2,p=1\$/)
    await assert.rejects(access.signIn.signIn({ name: 'anna', password: 'wrong password' }, device), { code: 'access.wrong' })
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, device))
    assert.equal((await access.accounts.find('anna'))?.password, after)
    assert.ok(currentCost.memoryKib >= 19 * 1024 && currentCost.passes >= 2, 'less than OWASP asks for')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a password typed with composed or decomposed letters is the same', async () => {
  await withAnna(async ({ access }) => {
    await access.accounts.setPassword('anna', 'perché-perché'.normalize('NFC'))
    await personOf(access, await access.signIn.signIn({ name: 'anna', password: 'perché-perché'.normalize('NFD') }, device))
  })
})

test('after some wrong passwords even the right one must wait, and the wait grows', async () => {
  await withAnna(async ({ access, clock }) => {
    const waits: number[] = []
    for (let round = 0; round < 12; round += 1) {
      for (;;) {
        const error: unknown = await access.signIn.signIn({ name: 'anna', password: 'wrong password' }, { ...device, address: `192.0.2.${round}` }).catch((thrown: unknown) => thrown)
        assert.ok(error instanceof Error && 'code' in error)
        if (error.code === 'access.wrong') continue
        assert.ok('retryAfterSeconds' in error && typeof error.retryAfterSeconds === 'number')
        waits.push(error.retryAfterSeconds)
        await assert.rejects(access.signIn.signIn({ name: 'anna', password }, device), { code: 'access.rate' })
        clock.pass({ seconds: error.retryAfterSeconds })
        break
      }
    }
    assert.deepEqual(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300])
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, device))
  })
})

test('names that do not exist are limited just the same', async () => {
  await withAnna(async ({ access }) => {
    const codes = async (name: string, block: number): Promise<readonly unknown[]> => {
      const seen: unknown[] = []
      for (let round = 0; round < 7; round += 1) await access.signIn.signIn({ name, password: 'wrong password' }, { ...device, address: `198.51.${block}.${round}` }).catch((error: unknown) => seen.push(error instanceof Error && 'code' in error && error.code))
      return seen
    }
    assert.deepEqual(await codes('anna', 1), await codes('nobody', 2))
  })
})

test('one address that tries many names must wait, also for a right password; others need not', async () => {
  await withAnna(async ({ access, clock }) => {
    for (let round = 0; round < 15; round += 1) await assert.rejects(access.signIn.signIn({ name: `name${round}`, password: 'wrong password' }, { ...device, address: '2001:db8::1' }), { code: 'access.wrong' })
    await assert.rejects(access.signIn.signIn({ name: 'anna', password }, { ...device, address: '2001:db8::2' }), { code: 'access.rate' })
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, { ...device, address: '2001:db8:0:1::2' }))
    clock.pass({ hours: 1 })
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, { ...device, address: '2001:db8::2' }))
  })
})

test('guesses from elsewhere do not lock out where the account has signed in from before', async () => {
  await withAnna(async ({ access }) => {
    const session = await access.signIn.signIn({ name: 'anna', password }, device)
    for (let round = 0; round < 10; round += 1) await access.signIn.signIn({ name: 'anna', password: 'wrong password' }, { ...device, address: `198.51.100.${round}` }).catch(() => undefined)
    await assert.rejects(access.signIn.signIn({ name: 'anna', password }, { ...device, address: '198.51.100.99' }), { code: 'access.rate' })
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, device))
    await access.signIn.stepUp(await personOf(access, session), { password }, '203.0.113.1')
  })
})

test('many attempts at once do not slip past the limit', async () => {
  await withAnna(async ({ access }) => {
    const all = await Promise.allSettled(Array.from({ length: 40 }, async () => await access.signIn.signIn({ name: 'anna', password: 'wrong password' }, device)))
    const compared = all.filter((one) => one.status === 'rejected' && one.reason.code === 'access.wrong').length
    assert.ok(compared >= 1 && compared <= 5, `${compared} passwords were compared`)
  })
})

test('a password that is changed while it is compared lets nobody in', async () => {
  await withAnna(async ({ access }) => {
    const account = await access.accounts.find('anna')
    assert.ok(account)
    await access.accounts.setPassword('anna', 'another password')
    assert.equal(await access.sessions.begin(account.id, account.password, device), undefined)
  })
})

test('step-up holds for ten minutes and asks for the right password', async () => {
  await withAnna(async ({ access, clock }) => {
    const session = await access.signIn.signIn({ name: 'anna', password }, device)
    const route = { method: 'POST', path: '/api/apps/:app/restore', access: 'operator', stepUp: true } as const
    const may = async (): Promise<boolean> => access.authorize(await whoHas(access, session), route, { app: 'erp' }).allowed
    assert.equal(await may(), true, 'the sign-in itself gave the password')
    clock.pass({ minutes: 10 })
    assert.equal(await may(), false)
    await assert.rejects(access.signIn.stepUp(await personOf(access, session), { password: 'wrong password' }, device.address), { code: 'access.wrong' })
    assert.equal(await may(), false)
    assert.equal(await access.signIn.stepUp(await personOf(access, session), { password }, device.address), clock.ms + 600_000)
    assert.equal(await may(), true)
    for (let round = 0; round < 5; round += 1) await assert.rejects(access.signIn.stepUp(await personOf(access, session), { password: 'wrong password' }, device.address), { code: 'access.wrong' })
    await assert.rejects(access.signIn.stepUp(await personOf(access, session), { password }, device.address), { code: 'access.rate' })
  })
})
