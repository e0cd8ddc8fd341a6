import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { fromBuffer } from 'yauzl'
import { z } from 'zod'
import { createdTokenSchema } from '../../../src/model/api/access.ts'
import { treePageSchema } from '../../../src/model/api/browse.ts'
import type { TreeEntry } from '../../../src/model/api/browse.ts'
import { pointsPageSchema } from '../../../src/model/api/overview.ts'
import { configTextSchema } from '../../../src/model/api/settings.ts'
import { PointIndex } from '../../../src/server/book/point-index.ts'
import { launcher } from '../../e2e/machine.ts'
import { answerOf } from '../../e2e/program.ts'
import { httpStand } from '../../fixtures/http-stand.ts'
import { cookieOf, demoMachine, passwords, RunningServer } from './running-server.ts'

const names: readonly (string | Buffer)[] = [
  '<img src=x onerror=alert(1)>', '\'"><script>alert(1)<', 'line\r\nSet-Cookie: evil=1', '\u202Egnp.exe', '\u001b[31mred\u001b]0;title\u0007', 'quo"te\'s;%0d%0a', '..hidden..', '....', 'C:evil', 'back\\slash\\..\\x',
  `${'é'.repeat(127)}a`, '=cmd|calc', '-rf', ' ', 'a b', '😀', Buffer.from('caf\xe9 \xff', 'latin1'), Buffer.from('caf\xc3', 'latin1'),
]

test('hostile names are shown, sent and packed as what they are, and lead nowhere', async () => {
  const machine = await demoMachine()
  const folder = join(machine.app, 'odd \n <b>')
  mkdirSync(folder)
  for (const name of names) writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]), Buffer.concat([Buffer.from('content of '), Buffer.from(name)]))
  symlinkSync('/etc/passwd', join(machine.app, 'link'))
  symlinkSync('/etc', join(machine.app, 'etc'))
  linkSync(join(folder, '😀'), join(machine.app, 'second name'))
  await using server = await RunningServer.start(machine)
  for (const format of ['tar.gz', 'zip', 'folder']) {
    const config = await server.get(configTextSchema, 'GET', '/api/config')
    await server.get(configTextSchema, 'PATCH', '/api/config', { etag: config.etag, changes: [{ path: ['apps', 'demo', 'format'], value: format }] })
    const { outcome, result } = await server.work('POST', '/api/apps/demo/backup', {})
    assert.equal(outcome, 'ok')
    const { snapshots: [made] } = z.object({ snapshots: z.array(z.object({ id: z.string() })) }).parse(result)
    await server.until('it is listed', async () => (await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')).points.some(({ id }) => id === made?.id))
    const at = `/api/apps/demo/points/${made?.id}`

    const { entries } = await server.get(treePageSchema, 'GET', `${at}/tree?path=${encodeURIComponent('odd \n <b>')}`)
    assert.equal(entries.length, names.length)
    for (const name of names) {
      const entry = entries.find(({ key }) => Buffer.from(key, 'base64url').equals(Buffer.concat([Buffer.from('odd \n <b>/'), Buffer.from(name)])))
      assert.ok(entry, `${format}: ${String(name)}`)
      const file = await server.ask('GET', `${at}/file?key=${entry.key}`)
      assert.ok(file.bytes.equals(Buffer.concat([Buffer.from('content of '), Buffer.from(name)])), `${format}: ${String(name)}`)
      assert.equal(file.headers['set-cookie'], undefined)
      assert.match(file.headers['content-disposition'] ?? '', /^attachment; filename="[A-Za-z0-9._ -]*"; filename\*=UTF-8''[A-Za-z0-9._~!%-]*$/)
      assert.equal(file.headers['x-content-type-options'], 'nosniff')
      const { headers } = await server.ask('GET', `${at}/preview?key=${entry.key}`)
      assert.match(headers['content-type'] ?? '', /^application\/json/)
    }
    await requireZip(await server.ask('GET', `${at}/folder.zip?path=`), format)
    assert.equal((await server.ask('GET', `${at}/file?path=second%20name`)).text, 'content of 😀')
    for (const path of ['link', 'etc/passwd', '../../../etc/passwd', '/etc/passwd', 'odd \n <b>/../../etc/passwd', './link', '', '.', '..', 'x\0y']) {
      for (const what of ['file', 'preview']) for (const query of [`path=${encodeURIComponent(path)}`, `key=${Buffer.from(path).toString('base64url')}`]) assert.equal(await server.refused('GET', `${at}/${what}?${query}`), '400 usage', `${format} ${what} ${path}`)
      if (path !== '' && path !== '.') assert.doesNotMatch((await server.ask('GET', `${at}/folder.zip?path=${encodeURIComponent(path)}`)).text, /root:x:0/)
      assert.doesNotMatch((await server.ask('GET', `${at}/tree?path=${encodeURIComponent(path)}`)).text, /root:x:0/)
    }
    for (const id of ['..%2f..%2f', '%2e%2e', '0123456789abcdeF', 'x'.repeat(5000), '%00', '*']) assert.match(await server.refused('GET', `/api/apps/demo/points/${id}/tree`), /^4\d\d /)
    const target = join(machine.folder, `restored ${format}`)
    assert.equal((await server.work('POST', '/api/apps/demo/restore', { point: made?.id, target, confirm: 'demo' })).outcome, 'ok')
    assert.deepEqual(readdirSync(Buffer.from(join(target, 'odd \n <b>')), { encoding: 'buffer' }).length, names.length)
    assert.equal(readlinkSync(join(target, 'link')), '/etc/passwd')
    assert.deepEqual(readdirSync(target).sort(), ['etc', 'link', 'odd \n <b>', 'second name'])
  }
  // What lies where the archive lay is not given away for it.
  const { points: [, , last] } = await server.get(pointsPageSchema, 'GET', '/api/apps/demo/points')
  const archive = join(machine.place, last?.key ?? '')
  execFileSync('mv', [archive, `${archive}.aside`])
  symlinkSync('/etc/passwd', archive)
  assert.equal(await server.refused('GET', `/api/apps/demo/points/${last?.id}/download`), '404 vault.unknown-point')
  for (const sign of ['\u001B', '\u202E', '\nSet-Cookie']) assert.ok(!server.log.includes(sign))
})

async function requireZip(reply: { readonly bytes: Buffer }, format: string): Promise<void> {
  const found: string[] = []
  await new Promise<void>((resolve, reject) => {
    fromBuffer(reply.bytes, { lazyEntries: true, strictFileNames: true }, (error, zip) => {
      if (error !== null) return reject(error)
      zip.on('entry', ({ fileName }: { fileName: string }) => {
        found.push(fileName)
        zip.readEntry()
      })
      zip.once('end', resolve).once('error', reject)
      zip.readEntry()
    })
  })
  const files = found.filter((name) => !name.endsWith('/'))
  assert.equal(files.length, names.length + 1, `${format}: all files, and the second name of one: ${files.join(', ')}`)
  assert.equal(new Set(files).size, files.length)
  for (const name of found) assert.ok(!name.startsWith('/') && !name.split('/').includes('..'), name)
}

test('a folder of 100,000 names comes page by page, each once and in order', async () => {
  await using machine = await demoMachine()
  using index = new PointIndex(join(machine.folder, 'index'))
  const id = '0123456789abcdef'
  const file = { kind: 'file' as const, mode: 0o644, mtimeNs: 0n, size: 1 }
  await index.make(id, async function* () {
    for (let number = 0; number < 100_000; number++) yield { ...file, path: `big/${String((number * 7919) % 100_000).padStart(6, '0')}` }
  })
  const seen: TreeEntry[] = []
  for (let cursor: string | undefined = '0'; cursor !== undefined;) {
    const page = index.folder(id, 'big', Number(cursor), 1000)
    assert.equal(page.total, 100_000)
    seen.push(...page.entries)
    cursor = page.next
  }
  assert.ok(seen.every(({ name }, number) => name === String(number).padStart(6, '0')))
  assert.equal(seen.length, 100_000)
  assert.equal(index.search(id, '09999', 0, 10).total, 11)
  // Any place is begun at, and found by the begin of a name.
  assert.deepEqual(index.folder(id, 'big', 99_998, 10).entries.map(({ name }) => name), ['099998', '099999'])
  assert.equal(index.place(id, 'big', '0742', 0), 74_200)
  assert.equal(index.place(id, 'big', '0742', 74_201), 74_201)
  assert.equal(index.place(id, 'big', '0742', 80_000), 74_200, 'behind the last one it goes on with the first')
  assert.equal(index.place(id, 'big', '0742', 200_000), 74_200)
  assert.equal(index.place(id, 'big', '2', 0), undefined)
  assert.equal(index.place(id, '', 'BIG', 0), 0)
  // A list that a power cut has left half written is made again.
  index[Symbol.dispose]()
  using again = new PointIndex(join(machine.folder, 'index'))
  for (const broken of ['', 'no database at all'.repeat(1000)]) {
    writeFileSync(join(machine.folder, 'index', 'fedcba9876543210.sqlite'), broken)
    await again.make('fedcba9876543210', async function* () { yield { ...file, path: 'one' } })
    assert.equal(again.folder('fedcba9876543210', '', 0, 10).total, 1)
    again[Symbol.dispose]()
  }
})

test('only pages of its own, by its own name, may ask; what a stranger writes into X-Forwarded is not believed', async () => {
  await using server = await RunningServer.start(await demoMachine())
  const host = new URL(server.url).host
  const status = async (method: string, headers: Record<string, string>, path = '/api/apps/ghost/backup'): Promise<string> => await server.refused(method, path, method === 'GET' ? undefined : {}, { headers })
  for (const name of ['evil.example', 'evil.example:7878', '127.0.0.1.evil.example', 'localhost.evil.example', 'a, b']) assert.match(await status('GET', { host: name }, '/api/session'), /^(?:421 access\.host|400)/, name)
  for (const name of [host, 'localhost', 'sub.localhost:1', '[::1]:7878', '192.168.1.1']) assert.match(await status('GET', { host: name }, '/api/session'), /^200/, name)
  for (const origin of ['https://evil.example', 'null', `http://${host}.evil.example`, 'http://127.0.0.1:1', 'file://', 'garbage']) assert.equal(await status('POST', { origin }), '403 access.origin', origin)
  assert.equal(await status('POST', { origin: `http://${host}` }), '404 app.unknown')
  assert.equal(await server.refused('POST', '/api/apps/ghost/backup', {}, { headers: { 'x-holdfast': '' } }), '404 app.unknown')
  const cookie = await server.signIn('admin', passwords.admin)
  const bare = await server.ask('POST', '/api/apps/ghost/backup', {}, { as: 'nobody', headers: { cookie } })
  assert.equal(bare.status, 404)
  const form = await (await fetch(`${server.url}api/apps/ghost/backup`, { method: 'POST', headers: { cookie }, body: '{}' })).json()
  assert.equal(z.object({ code: z.string() }).parse(form).code, 'access.origin', 'a request with nothing that shows where it comes from')
  const forged = { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'evil.example' }
  const signedIn = await server.ask('POST', '/api/session', { name: 'viewer', password: passwords.viewer }, { as: 'nobody', headers: forged })
  assert.match(cookieOf(signedIn), /^holdfast=/)
  assert.doesNotMatch(JSON.stringify(signedIn.headers), /strict-transport|Secure/)
  assert.doesNotMatch((await server.ask('GET', '/api/sessions', undefined, { as: 'viewer' })).text + (await server.ask('GET', '/api/audit')).text, /203\.0\.113\.7/)
})

test('bodies that are too large, too slow or no JSON, and paths that are no text, are refused, and it goes on', async () => {
  await using server = await RunningServer.start(await demoMachine())
  assert.equal(await server.refused('POST', '/api/session', undefined, { raw: `"${'x'.repeat(70_000)}"`, as: 'nobody' }), '413 http.too-large')
  assert.equal(await server.refused('PUT', '/api/config', { etag: '', text: 'x'.repeat(1_400_000) }), '400 usage')
  for (const raw of ['{', 'null', '[]', '"x"', '{"name":{}}', '\u0000', Buffer.from([0xff, 0xfe]), '[',
    `${'['.repeat(30_000)}`, '{"__proto__":{"role":"admin"}}']) assert.equal(await server.refused('POST', '/api/session', undefined, { raw, as: 'nobody' }), '400 usage')
  assert.equal(await server.refused('POST', '/api/session', undefined, { raw: 'name=x', as: 'nobody', headers: { 'content-type': 'application/x-www-form-urlencoded' } }), '400 usage')
  for (const path of ['/api/apps/%', '/api/apps/%ff', '/api/apps/%c0%ae', '/api/apps/..%2f..%2fetc', '/api/apps/a%00b', '/api//apps', '/api/apps/%0d%0aSet-Cookie:x=1', '/api/apps/constructor', '/api/apps/__proto__', '/widget/__proto__']) {
    const { status, headers } = await server.ask('GET', path)
    assert.ok(status === 404 || status === 400, `${path}: ${status}`)
    assert.equal(headers['set-cookie'], undefined)
  }
  for (const path of ['/../../etc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/assets/../../package.json', '/assets/..%2f..%2fpackage.json', '//etc/passwd', '/widget/..%2f..%2fpackage.json']) assert.doesNotMatch((await server.ask('GET', path)).text, /root:x:0|"version"/, path)
  // One that promises a body and sends none holds nobody up.
  const { hostname, port } = new URL(server.url)
  const slow = Array.from({ length: 20 }, () => connect(Number(port), hostname).on('error', () => undefined))
  for (const socket of slow) socket.write(`POST /api/session HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`)
  await sleep(50)
  assert.equal((await server.ask('GET', '/api/apps')).status, 200)
  for (const socket of slow) socket.destroy()
  const garbage = connect(Number(port), hostname).on('error', () => undefined)
  garbage.write('\u0016\u0003\u0001 no HTTP at all\r\n\r\n')
  await sleep(50)
  garbage.destroy()
  assert.equal((await server.ask('GET', '/api/apps')).status, 200)
})

test('below a path of its own, with its own certificate', async () => {
  const machine = await demoMachine((m) => ({ server: { basePath: '/hold/fast/', tls: { cert: join(m.folder, 'cert.pem'), key: join(m.folder, 'key.pem') } } }))
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', join(machine.folder, 'key.pem'), '-out', join(machine.folder, 'cert.pem')], { stdio: 'ignore' })
  await using server = await RunningServer.start(machine, { accounts: false })
  assert.match(server.url, /^https:.*\/hold\/fast\/$/)
  const made = await server.ask('POST', '/hold/fast/api/setup', { token: server.setupToken, name: 'admin', password: passwords.admin }, { as: 'nobody' })
  assert.match(made.headers['set-cookie']?.[0] ?? '', /^__Host-holdfast=[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Strict/)
  assert.match(made.headers['strict-transport-security'] ?? '', /max-age/)
  assert.equal((await server.ask('GET', '/hold/fast/api/apps', undefined, { headers: { cookie: cookieOf(made) } })).status, 200)
  assert.equal((await server.ask('GET', '/hold/fast/api/apps', undefined, { as: 'nobody' })).status, 401)
  for (const path of ['/api/apps', '/hold/api/apps', '/hold/fastapi/apps', '/metrics']) assert.equal((await server.ask('GET', path, undefined, { headers: { cookie: cookieOf(made) } })).status, 404, path)
})

test('beyond this machine it listens only once there is an account', async () => {
  await using machine = await demoMachine()
  for (const address of ['0.0.0.0:0', '[::]:0']) {
    const { status, stdout } = await answerOf(launcher, ['--config', machine.configFile, 'serve', '--listen', address, '--json'], { env: machine.env })
    assert.notEqual(status, 0)
    assert.match(stdout, /access\.setup/)
  }
})

test('who was signed out hears nothing more, and a revoked token neither', async () => {
  await using server = await RunningServer.start(await demoMachine())
  const token = await server.get(createdTokenSchema, 'POST', '/api/tokens', { name: 'listener', role: 'operator' }, {}, 201)
  const heard: string[] = []
  const listening = (async () => {
    for await (const { name } of server.events('/api/events', { as: { token: token.text } })) heard.push(name)
  })()
  await server.work('POST', '/api/apps/demo/backup', {})
  await server.until('it hears', () => heard.length > 0)
  assert.equal((await server.ask('DELETE', `/api/tokens/${token.id}`)).status, 204)
  await sleep(2100)
  const count = heard.length
  await server.work('POST', '/api/apps/demo/backup', {})
  await listening
  assert.equal(heard.length, count)
})

test('a secret that is set everywhere is in no log, process, database, journal or answer', async () => {
  const canary = (name: string): string => `canary-${name}-7d1f`
  await using stand = await httpStand()
  const machine = await demoMachine((m) => ({
    apps: { demo: { root: m.app, format: 'zip', password: canary('archive'), hooks: { frozen: [{ command: 'sleep 0.5' }] }, databases: [{ type: 'mariadb', name: 'erp', host: '127.0.0.1', port: 1, user: 'erp', password: canary('database') }] }, plain: { root: m.app, format: 'zip', password: canary('archive'), hooks: { frozen: [{ command: 'sleep 0.5' }] } } },
    notify: { hook: { type: 'webhook', url: `${stand.url}/hook`, secret: canary('notifier'), privateNetwork: true } },
  }))
  writeFileSync(join(machine.app, 'a.txt'), 'a')
  await using server = await RunningServer.start(machine)
  const token = await server.get(createdTokenSchema, 'POST', '/api/tokens', { name: 'program', role: 'operator' }, {}, 201)
  const answers: string[] = []
  const leaks = (text: string): readonly string[] => [canary('archive'), canary('database'), canary('notifier'), passwords.admin, token.text, server.setupToken ?? ''].filter((secret) => secret !== '' && text.includes(secret))
  const seen = new Map<string, readonly string[]>()
  const watch = setInterval(() => {
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name) || name === String(process.pid)) continue
      for (const what of ['cmdline', 'environ']) {
        try {
          const found = leaks(readFileSync(`/proc/${name}/${what}`, 'latin1'))
          if (found.length > 0) seen.set(`${what} of ${name}`, found)
        } catch {
          // It has ended.
        }
      }
    }
  }, 20)
  try {
    for (const app of ['plain', 'demo']) answers.push(JSON.stringify(await server.work('POST', `/api/apps/${app}/backup`, {}, { as: { token: token.text } })))
    const { points: [point] } = await server.get(pointsPageSchema, 'GET', '/api/apps/plain/points')
    answers.push(JSON.stringify(await server.work('POST', `/api/apps/plain/points/${point?.id}/verify`)))
    assert.equal((await server.ask('GET', `/api/apps/plain/points/${point?.id}/file?path=a.txt`)).text, 'a', 'an encrypted archive is opened')
  } finally {
    clearInterval(watch)
  }
  assert.deepEqual([...seen], [])
  for (const path of ['/api/apps', '/api/status', '/metrics', '/api/config', '/api/config/schema', '/api/audit', '/api/tokens', '/api/sessions', '/api/users', '/api/apps/demo/runs', '/api/apps/plain/points']) answers.push((await server.ask('GET', path)).text)
  const config = await server.get(configTextSchema, 'GET', '/api/config')
  const before = readFileSync(machine.configFile, 'utf8')
  await server.get(configTextSchema, 'PUT', '/api/config', { etag: config.etag, text: config.text })
  for (const name of ['archive', 'database', 'notifier']) assert.equal(readFileSync(machine.configFile, 'utf8').split(canary(name)).length, before.split(canary(name)).length, `${name}: what is written back masked stays`)
  const files = ['state', 'place', 'home'].flatMap((folder) => readdirSync(join(machine.folder, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name)))
  assert.ok(files.some((path) => path.endsWith('catalog.sqlite')) && files.some((path) => path.endsWith('.ndjson')) && files.some((path) => path.includes('access.sqlite')))
  for (const path of files) assert.deepEqual(leaks(readFileSync(path, 'latin1')), [], path)
  for (const text of [...answers, server.log]) assert.deepEqual(leaks(text), [], text.slice(0, 300))
})
