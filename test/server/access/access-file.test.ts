import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Access } from '../../../src/server/access/access.ts'
import { device, password, withAccess } from './with-access.ts'

/** Of the reserve nothing need be hidden: it is of random bytes. */
function modesIn(folder: string): Record<string, string> {
  return Object.fromEntries(readdirSync(folder).filter((name) => name !== 'reserve').map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]))
}

test('the file and what lies beside it are for their owner alone, also where they were not', async () => {
  const before = process.umask(0)
  try {
    await withAccess(async ({ access, folder, reopen }) => {
      await access.accounts.add({ name: 'anna', password, role: 'admin' })
      assert.equal((statSync(folder).mode & 0o777).toString(8), '700')
      assert.deepEqual(modesIn(folder), { 'access.sqlite': '600', 'access.sqlite-shm': '600', 'access.sqlite-wal': '600' })
      for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644)
      await reopen()
      assert.deepEqual(modesIn(folder), { 'access.sqlite': '600', 'access.sqlite-shm': '600', 'access.sqlite-wal': '600' })
    })
  } finally {
    process.umask(before)
  }
})

test('what root makes in the folder of another user is that user\'s', { skip: process.geteuid?.() === 0 ? false : 'only root can give files away' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    chownSync(folder, 12345, 12345)
    await using access = await Access.open(folder, { now: Date.now })
    await access.hasAccounts()
    for (const name of readdirSync(folder)) assert.deepEqual([name, statSync(join(folder, name)).uid], [name, 12345])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('no password, no session and no token stands in the file', async () => {
  await withAccess(async ({ access, folder }) => {
    const setupToken = access.setupToken()
    const session = await access.signIn.setUp({ token: setupToken, name: 'anna', password }, device)
    const token = await access.tokens.create({ name: 'monitor', kind: 'api', role: 'viewer' })
    const widget = await access.tokens.create({ name: 'tile', kind: 'widget', role: 'viewer', apps: ['erp'] })
    const person = await access.authenticate(new Request('http://h/', { headers: { cookie: `holdfast=${session}` } }), '', false)
    assert.ok(person.kind === 'account')
    await access.signIn.changePassword(person, { password, newPassword: 'another secret' }, device.address)
    await access.signIn.signIn({ name: 'anna', password: 'typed by mistake' }, device).catch(() => undefined)
    await access.authenticate(new Request(`http://h/widget/erp?token=${widget.text}`), '', false, { access: 'widget' })
    await access.audit({ who: 'anna', address: device.address, action: 'make a token', target: 'monitor', outcome: 'ok' })
    const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1')).join('')
    assert.ok(text.includes('monitor') && text.includes('$argon2id$'), 'the file was not read')
    for (const secret of [setupToken, session, token.text, token.text.slice(3), widget.text, password, 'another secret', 'typed by mistake']) assert.ok(!text.includes(secret), `${secret} stands in the file`)
  })
})

test('a damaged file is told and left as it is: no new first account', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'access.sqlite'), 'this is no database, and it is long enough to be looked at as one')
    await assert.rejects(Access.open(folder, { now: Date.now }), { code: 'state.damaged' })
    assert.match(readFileSync(join(folder, 'access.sqlite'), 'utf8'), /^this is no database/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('what was answered as done is there after a kill -9, while another process writes too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    await using access = await Access.open(folder, { now: Date.now })
    const script = fileURLToPath(new URL('make-tokens.ts', import.meta.url))
    const told: string[] = []
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = once(child, 'exit')
      try {
        const until = told.length + 20 + round * 7
        for await (const id of createInterface({ input: child.stdout })) {
          told.push(id)
          if (told.length >= until) child.kill('SIGKILL')
          else await access.audit({ who: 'anna', address: '', action: 'meanwhile', outcome: 'ok' })
        }
      } finally {
        child.kill('SIGKILL')
        await ended
      }
    }
    const there = new Set((await access.tokens.list()).map(({ id }) => id))
    assert.ok(told.length > 60)
    assert.deepEqual(told.filter((id) => !there.has(id)), [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
