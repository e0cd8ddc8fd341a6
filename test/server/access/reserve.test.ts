import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '../../../src/kit/app-error.ts'
import { Reserve } from '../../../src/server/access/reserve.ts'
import { device, password, withAnna } from './with-access.ts'

test('what must be possible on a full disk uses up the room that was kept for it, which is kept again later', async () => {
  await withAnna(async ({ access, folder }) => {
    const path = join(folder, 'reserve')
    assert.ok(existsSync(path))
    const reserve = new Reserve(path)
    // As on a disk that the reserve fills to its end.
    const write = async (): Promise<string> => {
      if (existsSync(path)) throw new AppError('storage.full', 'no room')
      return 'written'
    }
    assert.equal(await reserve.spend(write), 'written')
    assert.ok(!existsSync(path))
    await assert.rejects(reserve.spend(async () => { throw new AppError('storage.full', 'no room at all') }), { code: 'storage.full' })
    await assert.rejects(reserve.spend(async () => { throw new AppError('access.wrong', 'another') }), { code: 'access.wrong' })
    await access.signIn.signIn({ name: 'anna', password }, device)
    assert.ok(existsSync(path))
  })
})
