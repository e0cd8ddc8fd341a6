import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { accountSchema, createdTokenSchema, tokenSchema } from '../../../src/model/api/access.ts'
import { Access } from '../../../src/server/access/access.ts'
import { answerOf } from '../../e2e/program.ts'
import type { Answer } from '../../e2e/program.ts'
import { device } from './with-access.ts'

const main = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url))

type Machine = { readonly data: string; holdfast(args: readonly string[], stdin?: string): Promise<Answer> }

async function onMachine(body: (machine: Machine) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'access-'))
  try {
    const config = join(folder, 'holdfast.yaml')
    writeFileSync(config, 'apps: {erp: {root: /srv/erp}}\n', { mode: 0o600 })
    const data = join(folder, 'state/.server')
    await body({
      data,
      holdfast: async (args, stdin = '') => await answerOf(process.execPath, ['--disable-warning=ExperimentalWarning', main, '--config', config, '--state', join(folder, 'state'), ...args], { stdin, env: { PATH: process.env['PATH'] ?? '' } }),
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('accounts are made on the machine itself, and a lost password or authenticator is no end while the server runs', async () => {
  await onMachine(async ({ data, holdfast }) => {
    const [short, added] = await Promise.all([holdfast(['account', 'add', 'eve'], 'short\n'), holdfast(['account', 'add', 'anna'], 'first password\n')])
    assert.match(short.stderr, /fewer than 10 characters.*\[usage\]/)
    assert.equal(short.status, 1)
    assert.deepEqual([added.status, added.stdout], [0, 'anna may sign in now, as admin.\n'], added.stderr)
    await using access = await Access.open(data, { now: Date.now })
    const session = await access.signIn.signIn({ name: 'anna', password: 'first password' }, device)
    assert.equal((await holdfast(['account', 'password', 'anna'], 'second password')).status, 0)
    assert.equal((await access.authenticate(new Request('http://h/', { headers: { cookie: `holdfast=${session}` } }), '', false)).kind, 'anonymous')
    await access.signIn.signIn({ name: 'anna', password: 'second password' }, device)
    const refused = await holdfast(['account', 'role', 'anna', 'viewer'])
    assert.match(refused.stderr, /anna is the last admin \[access\.last-admin\]/)
    await access.accounts.add({ name: 'vera', password: 'third password', role: 'operator' })
    await access.authenticators.begin('anna', 'anna')
    const [removed, off] = await Promise.all([holdfast(['account', 'remove', 'vera']), holdfast(['account', 'totp-off', 'anna'])])
    assert.deepEqual([removed.status, off.status, await access.authenticators.remove('anna')], [0, 0, false], `${removed.stderr}${off.stderr}`)
    const listed = z.array(accountSchema).parse(JSON.parse((await holdfast(['account', 'list', '--json'])).stdout))
    assert.deepEqual(listed.map(({ name, role }) => [name, role]), [['anna', 'admin']])
    const lines = (await access.auditLog.page(10)).entries.map(({ who, address, action, target, outcome }) => [who.endsWith(' on the machine itself'), address, action, target, outcome])
    assert.deepEqual(lines.splice(0, 2).map(([, , action, target]) => `${action} ${target}`).sort(), ['remove an account vera', 'turn off an authenticator anna'])
    assert.deepEqual(lines, [
      [true, 'local', 'change an account', 'anna: role viewer', 'failed'],
      [true, 'local', 'set a password', 'anna', 'ok'],
      [true, 'local', 'add an account', 'anna (admin)', 'ok'],
    ])
  })
})

test('a token is printed alone on standard output, works, and is revoked by its id', async () => {
  await onMachine(async ({ data, holdfast }) => {
    const made = await holdfast(['token', 'create', 'monitor', '--role', 'viewer', '--app', 'erp', '--days', '30'])
    assert.match(made.stdout, /^hf_[\w-]{43}\n$/, made.stderr)
    await using access = await Access.open(data, { now: Date.now })
    const ask = async (text: string): Promise<string> => (await access.authenticate(new Request('http://h/', { headers: { authorization: `Bearer ${text}` } }), '', false)).kind
    assert.equal(await ask(made.stdout.trim()), 'token')
    const widget = createdTokenSchema.parse(JSON.parse((await holdfast(['token', 'create', '--widget', '--app', 'erp', '--frame-ancestors', 'https://intranet.example', '--json'])).stdout))
    assert.deepEqual([widget.kind, widget.role, widget.frameAncestors, widget.expiresAt], ['widget', 'viewer', ['https://intranet.example'], undefined])
    const listed = z.array(tokenSchema).parse(JSON.parse((await holdfast(['token', 'list', '--json'])).stdout))
    assert.deepEqual(listed.map(({ name, kind }) => [name, kind]), [['monitor', 'api'], ['widget token', 'widget']])
    assert.equal((await holdfast(['token', 'revoke', listed[0]?.id ?? ''])).status, 0)
    assert.equal(await ask(made.stdout.trim()), 'anonymous')
  })
})

test('a token that would not do what is meant is not made', async () => {
  await onMachine(async ({ data, holdfast }) => {
    const wanted = [['--app', 'crm'], ['--widget', '--role', 'admin'], ['--widget', '--frame-ancestors', '*']]
    const [app, role, page] = await Promise.all(wanted.map(async (options) => (await holdfast(['token', 'create', ...options])).stderr))
    assert.match(app ?? '', /no application crm \[app\.unknown\]/)
    assert.match(role ?? '', /A widget token only reads \[usage\]/)
    assert.match(page ?? '', /frameAncestors\.0.*\[usage\]/)
    await using access = await Access.open(data, { now: Date.now })
    assert.deepEqual(await access.tokens.list(), [])
  })
})
