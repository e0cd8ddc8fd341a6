import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret, TOTP } from 'otpauth'
import { totpStep } from '../../../src/server/access/totp.ts'
import { device, password, personOf, withAnna } from './with-access.ts'

function code(secret: string, ms: number): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: ms })
}

test('codes are those of RFC 6238, appendix B', () => {
  const secret = Secret.fromLatin1('12345678901234567890').base32
  for (const [seconds, eight] of [[59, '94287082'], [1_111_111_109, '07081804'], [1_234_567_890, '89005924'], [20_000_000_000, '65353130']] as const) {
    assert.equal(totpStep(secret, eight.slice(2), seconds * 1000), Math.floor(seconds / 30))
  }
})

test('an authenticator is asked for once it is confirmed, and a code counts once', async () => {
  await withAnna(async ({ access, clock }) => {
    const given = { name: 'anna', password }
    const { secret, uri } = await access.authenticators.begin('anna', 'anna@host')
    assert.match(uri, /^otpauth:\/\/totp\/Holdfast:anna%40host\?issuer=Holdfast&secret=[A-Z2-7]{32}&/)
    await personOf(access, await access.signIn.signIn(given, device))
    await assert.rejects(access.authenticators.confirm('anna', code(secret, clock.ms + 120_000)), { code: 'access.totp' })
    await access.authenticators.confirm('anna', code(secret, clock.ms))
    assert.equal((await access.accounts.list())[0]?.totp, true)

    await assert.rejects(access.signIn.signIn(given, device), { code: 'access.totp', message: /asked for/ })
    await assert.rejects(access.signIn.signIn({ ...given, totp: code(secret, clock.ms) }, device), { code: 'access.totp' }, 'the code that confirmed it was used')
    clock.pass({ seconds: 30 })
    const totp = code(secret, clock.ms)
    await assert.rejects(access.signIn.signIn({ name: 'anna', password: 'wrong password', totp }, device), { code: 'access.wrong' })
    const session = await access.signIn.signIn({ ...given, totp }, device)
    await assert.rejects(access.signIn.signIn({ ...given, totp }, device), { code: 'access.totp' })
    clock.pass({ minutes: 10 })
    await assert.rejects(access.signIn.stepUp(await personOf(access, session), { password }, device.address), { code: 'access.totp' })
    await access.signIn.stepUp(await personOf(access, session), { password, totp: code(secret, clock.ms) }, device.address)
  })
})

test('of two requests with the same code at once one gets in', async () => {
  await withAnna(async ({ access, clock }) => {
    const { secret } = await access.authenticators.begin('anna', 'anna')
    await access.authenticators.confirm('anna', code(secret, clock.ms))
    clock.pass({ minutes: 1 })
    const totp = code(secret, clock.ms)
    const both = await Promise.allSettled([1, 2].map(async () => await access.signIn.signIn({ name: 'anna', password, totp }, device)))
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })
})

test('clocks may differ by one step, not by two, and an older code than the last is refused', async () => {
  await withAnna(async ({ access, clock }) => {
    const { secret } = await access.authenticators.begin('anna', 'anna')
    await access.authenticators.confirm('anna', code(secret, clock.ms))
    const signIn = async (driftSeconds: number): Promise<string> => await access.signIn.signIn({ name: 'anna', password, totp: code(secret, clock.ms + driftSeconds * 1000) }, device)
    clock.pass({ minutes: 5 })
    for (const drift of [-60, 60]) await assert.rejects(signIn(drift), { code: 'access.totp' })
    await signIn(30)
    for (const drift of [30, 0, -30]) await assert.rejects(signIn(drift), { code: 'access.totp' })
    clock.pass({ minutes: 5 })
    await signIn(-30)
    await signIn(0)
  })
})

test('guesses at the code are limited like guesses at the password', async () => {
  await withAnna(async ({ access, clock }) => {
    const { secret } = await access.authenticators.begin('anna', 'anna')
    await access.authenticators.confirm('anna', code(secret, clock.ms))
    clock.pass({ minutes: 5 })
    const right = code(secret, clock.ms)
    const wrong = right === '000000' ? '000001' : '000000'
    // Asking without a code is no guess, and must not take a guess back either.
    const ask = async (): Promise<unknown> => await access.signIn.signIn({ name: 'anna', password }, device).catch(() => undefined)
    for (let round = 0; round < 5; round += 1) {
      await ask()
      await assert.rejects(access.signIn.signIn({ name: 'anna', password, totp: wrong }, device), { code: 'access.totp' })
    }
    await assert.rejects(access.signIn.signIn({ name: 'anna', password, totp: right }, device), { code: 'access.rate' })
  })
})

test('one that is on is not replaced unless it was turned off; one that was only begun is', async () => {
  await withAnna(async ({ access, clock }) => {
    const { secret: lost } = await access.authenticators.begin('anna', 'anna')
    const { secret } = await access.authenticators.begin('anna', 'anna')
    await assert.rejects(access.authenticators.confirm('anna', code(lost, clock.ms)), { code: 'access.totp' })
    await access.authenticators.confirm('anna', code(secret, clock.ms))
    await assert.rejects(access.authenticators.begin('anna', 'anna'), { code: 'access.exists' })
    assert.equal(await access.authenticators.remove('anna'), true)
    assert.equal(await access.authenticators.remove('anna'), false)
    await personOf(access, await access.signIn.signIn({ name: 'anna', password }, device))
  })
})

test('codes that turn an authenticator on cannot be tried without end', async () => {
  await withAnna(async ({ access, clock }) => {
    const person = await personOf(access, await access.signIn.signIn({ name: 'anna', password }, device))
    const { secret } = await access.authenticators.begin('anna', 'anna@here')
    const confirm = async (given: string): Promise<void> => await access.signIn.confirmTotp(person, given, device.address)
    for (let tries = 0; tries < 5; tries++) await assert.rejects(confirm('000000'), { code: 'access.totp' })
    await assert.rejects(confirm('000000'), { code: 'access.rate' })
    clock.pass({ minutes: 10 })
    await confirm(code(secret, clock.ms))
  })
})
