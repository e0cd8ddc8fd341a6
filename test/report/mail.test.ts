import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { after, test } from 'node:test'
import { SMTPServer } from 'smtp-server'
import type { SMTPServerOptions } from 'smtp-server'
import { AppError } from '../../src/kit/app-error.ts'
import { Secret } from '../../src/kit/secret.ts'
import type { Notice } from '../../src/model/notice.ts'
import { mailOptionsSchema } from '../../src/report/notifiers/mail-options.ts'
import { mailNotifier } from '../../src/report/notifiers/mail.ts'

const canary = 'caN4ry s3cret/é'
const folder = mkdtempSync(join(tmpdir(), 'holdfast-mail-'))
after(() => rmSync(folder, { recursive: true }))
const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'], { stdio: 'ignore' })

const notice: Notice = { kind: 'failure', app: 'erp', title: 'erp: Sicherung fehlgeschlagen – è', text: 'Line one.\n.\nLine three: è', at: '2026-11-21T10:00:00.000Z', severity: 'failed', url: 'https://hf.example/' }

type Received = { readonly from: string; readonly to: readonly string[]; readonly text: string; readonly secure: boolean; readonly user: string | undefined }

async function mailServer(options: SMTPServerOptions = {}): Promise<AsyncDisposable & { readonly port: number; readonly received: Received[] }> {
  const received: Received[] = []
  const server = new SMTPServer({
    key: readFileSync(key), cert: readFileSync(cert), logger: false, disableReverseLookup: true, authOptional: true, closeTimeout: 100,
    onAuth({ username, password }, _session, done) {
      if (password === canary) done(null, { user: username })
      else done(new Error(`5.7.8 wrong password ${password}`))
    },
    onData(stream, session, done) {
      const parts: Uint8Array[] = []
      stream.on('data', (part: Uint8Array) => { parts.push(part) })
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        received.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString('utf8'), secure: session.secure, user: session.user })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return { port: (server.server.address() as AddressInfo).port, received, [Symbol.asyncDispose]: async () => { await new Promise<void>((resolve) => { server.close(() => resolve()) }) } }
}

async function send(port: number, more: object = {}, sent: Notice = notice, signal = new AbortController().signal, password = canary): Promise<void> {
  const options = mailOptionsSchema.parse({ type: 'mail', host: '127.0.0.1', port, ca: cert, from: 'holdfast@example.org', to: ['admin@example.org', 'other@example.org'], ...more })
  await mailNotifier(options, { readSecret: async () => new Secret(password), now: () => new Date() }).send(sent, signal)
}

async function failureOf(sending: Promise<void>): Promise<AppError> {
  const error: unknown = await sending.then(() => assert.fail('it did not fail'), (thrown: unknown) => thrown)
  assert.ok(error instanceof AppError, inspect(error))
  const all = inspect(error, { depth: 10 }) + JSON.stringify(error)
  for (const form of [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64').slice(0, -2), Buffer.from(`\0u\0${canary}`).toString('base64'), 'caN4ry']) assert.ok(!all.includes(form), all)
  return error
}

test('a mail goes over STARTTLS to all receivers, signed in, and reads as it was written', async () => {
  await using server = await mailServer()
  await send(server.port, { user: 'u', password: { env: 'PW' } })
  const [mail] = server.received
  assert.deepEqual([mail?.from, mail?.to, mail?.secure, mail?.user], ['holdfast@example.org', ['admin@example.org', 'other@example.org'], true, 'u'])
  const text = mail?.text ?? ''
  assert.match(text, /^From: Holdfast <holdfast@example\.org>/m)
  assert.match(text, /^Subject: =\?UTF-8\?/m)
  assert.match(text, /^Auto-Submitted: auto-generated/m)
  assert.match(text, /Line one\.\r\n\.+\r\nLine three: =C3=A8\r\n\r\nhttps:\/\/hf\.example\//)
})

test('a mail goes over TLS from the start, and without any where that is said', async () => {
  await using tls = await mailServer({ secure: true })
  await send(tls.port, { security: 'tls' })
  assert.equal(tls.received[0]?.secure, true)
  await using plain = await mailServer({ hideSTARTTLS: true })
  await send(plain.port, { security: 'none' })
  assert.equal(plain.received[0]?.secure, false)
})

test('where TLS was asked for nothing goes out without, and none to a certificate that nobody vouches for', async () => {
  await using plain = await mailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
  assert.equal((await failureOf(send(plain.port, { user: 'u', password: { env: 'PW' } }))).code, 'report.failed')
  await using server = await mailServer()
  assert.match((await failureOf(send(server.port, { ca: undefined }))).message, /certificate/)
  assert.equal(plain.received.length + server.received.length, 0)
})

test('a title with line feeds makes no further header', async () => {
  await using server = await mailServer()
  await send(server.port, {}, { ...notice, title: 'x\r\nBcc: evil@example.org\r\n\r\nbody' })
  assert.deepEqual(server.received[0]?.to, ['admin@example.org', 'other@example.org'])
  assert.doesNotMatch(server.received[0]?.text ?? '', /^Bcc:/m)
})

test('a wrong password, a server that refuses and one that is not there are failures without the password', async () => {
  await using server = await mailServer({
    onAuth({ password }, _session, done) { done(new Error(`5.7.8 wrong password ${password}`)) },
    onRcptTo({ address }, _session, done) { done(new Error(`550 no such user ${address}`)) },
  })
  assert.match((await failureOf(send(server.port, { user: 'u', password: { env: 'PW' } }))).message, /^The mail server 127\.0\.0\.1 did not take the mail: .*wrong password \*\*\*/)
  assert.match((await failureOf(send(server.port))).message, /no such user/)
  const { code, retry } = await failureOf(send(1))
  assert.deepEqual([code, retry], ['report.failed', true])
})

test('an interruption ends it while the server says nothing', async () => {
  await using server = await mailServer({ onConnect: () => undefined })
  const cancel = new AbortController()
  const sending = send(server.port, {}, notice, cancel.signal)
  setTimeout(() => cancel.abort(), 100)
  assert.equal((await failureOf(sending)).code, 'interrupted')
})

test('an interruption at any moment is a failure, and never ends the process', async () => {
  await using server = await mailServer({})
  for (let turns = 0; turns < 60; turns++) {
    const cancel = new AbortController()
    const sending = send(server.port, {}, notice, cancel.signal).catch(() => undefined)
    for (let turn = 0; turn < turns; turn++) await (turn % 2 === 0 ? Promise.resolve() : new Promise(setImmediate))
    cancel.abort()
    await sending
  }
})
