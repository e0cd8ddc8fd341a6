import assert from 'node:assert/strict'
import { test } from 'node:test'
import { password, withAccess, withAnna } from './with-access.ts'

test('the last admin can be neither removed nor made less, not even by two at once', async () => {
  await withAnna(async ({ access, reopen }) => {
    await access.accounts.add({ name: 'olaf', password, role: 'operator' })
    await assert.rejects(access.accounts.remove('anna'), { code: 'access.last-admin' })
    await assert.rejects(access.accounts.setRole('ANNA', 'operator'), { code: 'access.last-admin' })
    await access.accounts.setRole('anna', 'admin')
    await access.accounts.setRole('olaf', 'admin')
    const other = await reopen()
    const both = await Promise.allSettled([access.accounts.setRole('anna', 'viewer'), other.accounts.remove('olaf')])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal((await access.accounts.list()).filter(({ role }) => role === 'admin').length, 1)
  })
})

test('the first account must be an admin', async () => {
  await withAccess(async ({ access }) => {
    await assert.rejects(access.accounts.add({ name: 'vera', password, role: 'viewer' }), { code: 'access.last-admin' })
    assert.equal(await access.hasAccounts(), false)
    await access.accounts.add({ name: 'anna', password, role: 'admin' })
    await access.accounts.add({ name: 'vera', password, role: 'viewer' })
  })
})

test('names that differ by case alone are the same', async () => {
  await withAnna(async ({ access }) => {
    await assert.rejects(access.accounts.add({ name: 'Anna', password: 'another password', role: 'admin' }), { code: 'access.exists' })
    assert.equal((await access.accounts.find('ANNA'))?.name, 'anna')
  })
})

test('what is asked of an account that is not there is told', async () => {
  await withAnna(async ({ access }) => {
    await assert.rejects(access.accounts.remove('nobody'), { code: 'access.unknown' })
    await assert.rejects(access.accounts.setRole('nobody', 'viewer'), { code: 'access.unknown' })
    await assert.rejects(access.accounts.setPassword('nobody', password), { code: 'access.unknown' })
  })
})
