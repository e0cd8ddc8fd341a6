import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { guardedFetch } from '../../src/kit/guarded-fetch.ts'
import type { GuardedRequest, ResolvedAddress } from '../../src/kit/guarded-fetch.ts'
import { httpStand } from '../fixtures/http-stand.ts'

const { signal } = new AbortController()
const canary = 'caN4ry-s3cret'

type Given = Partial<GuardedRequest> & { readonly url: string }
const ask = async (given: Given): ReturnType<typeof guardedFetch> => await guardedFetch({ method: 'GET', privateNetwork: true, timeoutMs: 5000, ...given }, signal)

async function failureOf(given: Given): Promise<AppError> {
  const error: unknown = await ask(given).then((answer) => assert.fail(inspect(answer)), (thrown: unknown) => thrown)
  assert.ok(error instanceof AppError, inspect(error))
  assert.ok(!(inspect(error, { depth: 10 }) + JSON.stringify(error)).includes(canary), inspect(error))
  return error
}

/** A name server of the test: each name's addresses, one list a look-up, the last one for ever; it counts what it was asked. */
function nameServer(names: Record<string, string[][]>): { lookup: (host: string) => Promise<ResolvedAddress[]>; asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    async lookup(host) {
      asked.push(host)
      const lists = names[host] ?? []
      const list = lists.length > 1 ? lists.shift() ?? [] : lists[0] ?? []
      return list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
  }
}

test('a request goes out whole and its answer comes back', async () => {
  await using stand = await httpStand()
  stand.answer = () => ({ status: 201, text: 'grüezi' })
  assert.deepEqual(await ask({ url: `${stand.url}/a?b=c`, method: 'POST', headers: { 'x-a': '1' }, body: 'è' }), { status: 201, text: 'grüezi' })
  const [asked] = stand.asked
  assert.equal(asked?.path, '/a?b=c')
  assert.equal(asked?.body, 'è')
  assert.equal(asked?.headers['content-length'], '2')
  assert.match(asked?.headers['user-agent'] ?? '', /^holdfast\//)
})

test('private addresses are refused unless they are allowed, however they are written, and nothing is sent', async () => {
  await using stand = await httpStand()
  const names = nameServer({ 'inside.test': [['127.0.0.1']], 'both.test': [['8.8.8.8', '127.0.0.1']] })
  for (const host of ['127.0.0.1', '127.1', '0x7f000001', '2130706433', '017700000001', '[::ffff:127.0.0.1]', '[::1]', 'inside.test', 'both.test']) {
    const error = await failureOf({ url: `http://${host}:${stand.port}/${canary}`, privateNetwork: false, lookup: names.lookup })
    assert.equal(error.code, 'network.refused', host)
    assert.match(error.hint ?? '', /privateNetwork: true/)
  }
  assert.equal(stand.asked.length, 0)
  assert.equal((await ask({ url: `http://inside.test:${stand.port}/`, lookup: names.lookup })).status, 200)
  assert.equal(stand.asked[0]?.headers.host, `inside.test:${stand.port}`)
})

test('what no request may have as its goal is refused even where private networks are allowed', async () => {
  const names = nameServer({ 'cloud.test': [['169.254.169.254']], 'nothing.test': [[]] })
  for (const host of ['169.254.169.254', '[fe80::1]', '0.0.0.0', 'cloud.test', '[::ffff:a9fe:a9fe]']) assert.equal((await failureOf({ url: `http://${host}/latest`, lookup: names.lookup })).code, 'network.refused', host)
  assert.match((await failureOf({ url: 'http://nothing.test/', lookup: names.lookup })).message, /has no address/)
})

test('a name that means something else a moment later leads nowhere: it is looked up once, and the connection goes to what was checked', async () => {
  await using stand = await httpStand()
  const names = nameServer({ 'rebind.test': [['127.0.0.2'], ['127.0.0.1']] })
  const { code } = await failureOf({ url: `http://rebind.test:${stand.port}/`, lookup: names.lookup })
  assert.equal(code, 'network.failed', 'the stand listens on 127.0.0.1 alone, which was not checked')
  assert.deepEqual(names.asked, ['rebind.test'])
  assert.equal(stand.asked.length, 0)
})

test('redirects are checked alike: none leads from a public to a private address', async () => {
  await using stand = await httpStand()
  stand.answer = ({ path }) => path === '/away' ? { status: 302, headers: { location: 'http://169.254.169.254/latest' } } : { status: 200 }
  assert.equal((await failureOf({ url: `${stand.url}/away` })).code, 'network.refused')
  // What it reaches first is private, but it is of the internet too: so it may not lead inside.
  const names = nameServer({ 'mixed.test': [['127.0.0.1', '8.8.8.8']] })
  stand.answer = ({ path }) => path === '/' ? { status: 302, headers: { location: `http://127.0.0.1:${stand.port}/inside` } } : { status: 200 }
  assert.equal((await failureOf({ url: `http://mixed.test:${stand.port}/`, lookup: names.lookup })).code, 'network.refused')
  assert.ok(stand.asked.every(({ path }) => path !== '/inside'))
  assert.equal((await ask({ url: stand.url })).status, 200, 'within the private network it may')
  stand.answer = () => ({ status: 302, headers: { location: 'file:///etc/passwd' } })
  assert.equal((await failureOf({ url: stand.url })).code, 'network.refused')
})

test('at most three redirects are followed', async () => {
  await using stand = await httpStand()
  stand.answer = ({ path }) => Number(path.slice(1)) < 3 ? { status: 302, headers: { location: `/${Number(path.slice(1)) + 1}` } } : { status: 200, text: path }
  assert.equal((await ask({ url: `${stand.url}/0` })).text, '/3')
  assert.match((await failureOf({ url: `${stand.url}/-1` })).message, /redirects too often/)
})

test('to another host a redirect takes no header along but the type of the content', async () => {
  await using there = await httpStand()
  await using stand = await httpStand()
  stand.answer = () => ({ status: 307, headers: { location: `${there.url}/new` } })
  await ask({ url: stand.url, method: 'POST', headers: { 'authorization': canary, 'content-type': 'text/plain' }, body: 'x' })
  const [asked] = there.asked
  assert.deepEqual([asked?.method, asked?.body, asked?.headers.authorization, asked?.headers['content-type']], ['POST', 'x', undefined, 'text/plain'])
  stand.answer = ({ path }) => path === '/' ? { status: 308, headers: { location: '/same' } } : { status: 200 }
  await ask({ url: stand.url, method: 'POST', headers: { authorization: canary }, body: 'x' })
  assert.equal(stand.asked.at(-1)?.headers.authorization, canary, 'the same host is asked with all of them')
})

test('a redirect that would turn a POST into a GET is no success', async () => {
  await using stand = await httpStand()
  stand.answer = ({ method }) => method === 'POST' ? { status: 301, headers: { location: '/page' } } : { status: 200 }
  assert.match((await failureOf({ url: stand.url, method: 'POST', body: 'x' })).message, /redirects to another address/)
})

test('of a long answer only the beginning is read, and a slow one is not waited for', async () => {
  await using stand = await httpStand()
  stand.answer = () => ({ status: 200, text: 'x'.repeat(50_000_000) })
  assert.equal((await ask({ url: stand.url })).text.length, 4096)
  stand.answer = () => ({ status: 200, delayMs: 60_000 })
  const { message, retry } = await failureOf({ url: `${stand.url}/${canary}`, timeoutMs: 100 })
  assert.match(message, /did not answer within 0\.1 seconds/)
  assert.equal(retry, true)
  assert.match((await failureOf({ url: 'http://slow.test/', timeoutMs: 100, lookup: () => new Promise(() => undefined) })).message, /did not answer/)
})

test('an interruption ends a request at once', async () => {
  await using stand = await httpStand()
  stand.answer = () => ({ status: 200, delayMs: 60_000 })
  const cancel = new AbortController()
  const asking = guardedFetch({ url: stand.url, method: 'GET', privateNetwork: true, timeoutMs: 60_000 }, cancel.signal)
  setTimeout(() => cancel.abort(), 50)
  await assert.rejects(asking, { code: 'interrupted' })
})

test('errors tell the host alone: the rest of an address may be secret', async () => {
  for (const url of [`http://127.0.0.1:1/${canary}?${canary}`, `http://${canary}@127.0.0.1:1/`, `http://u:${canary}@nowhere.test/`, `ftp://${canary}.test/${canary}`, canary, `http://[${canary}/`, `http://127.0.0.1:1/\n${canary}`]) {
    assert.match((await failureOf({ url, lookup: () => Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${canary}`), { code: 'ENOTFOUND' })) })).code, /^network\./)
  }
})
