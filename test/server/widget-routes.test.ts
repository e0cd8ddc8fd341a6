import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { AppError } from '../../src/kit/app-error.ts'
import type { AppCard } from '../../src/model/api/overview.ts'
import { widgetStateSchema } from '../../src/model/api/widget.ts'
import type { Principal } from '../../src/model/principal.ts'
import { originMatches } from '../../src/server/http/origin-matches.ts'
import type { RequestContext } from '../../src/server/http/route.ts'
import { widgetRoutesWith } from '../../src/server/routes/widget-routes.ts'

const script = Buffer.from('/* the tile */')
const names = ['erp', 'a"b', '<img src=x onerror=alert(1)>']

/** All that the routes ask of a server, which has looked at nothing yet. */
function newServer(minSize?: string): RequestContext['server'] {
  const looked = new Set<string>()
  const app = (name: string): unknown => {
    if (!names.includes(name)) throw new AppError('app.unknown', 'There is no such application')
    return { name, config: { expect: minSize === undefined ? {} : { minSize } } }
  }
  const card = async (name: string): Promise<AppCard | undefined> => looked.has(name) ? {
    name, root: '/srv/secret', preset: 'generic', queued: false, days: [], sizes: [], points: 1, parts: [], command: 'holdfast backup',
    status: { version: 1, app: name, state: 'ok', sentence: '', reasons: [], vaults: [], judgedAt: new Date().toISOString() },
    newest: { id: '0123456789abcdef', startedAt: new Date(Date.now() - 3_600_000).toISOString(), sizeBytes: 50e6, contentBytes: 300e6, fileName: 'erp.zip' },
    destinations: [{ name: 'disk', reach: 'local', state: 'ok', text: '', place: '/mnt/secret', inside: false }],
  } : undefined
  return { app, card, book: { look: async (name: string) => looked.add(name) }, jeedom: async (name: string) => ({ action: 'endBackup', about: name }) } as unknown as RequestContext['server']
}

const viewer: Principal = { kind: 'account', name: 'ann', role: 'viewer', session: 's', elevatedUntil: 0 }
function widgetToken(...frameAncestors: readonly string[]): Principal {
  return { kind: 'token', id: 't', name: 'wall', tokenKind: 'widget', role: 'viewer', apps: ['erp'], frameAncestors }
}

type Asking = { readonly app?: string; readonly principal?: Principal; readonly headers?: Record<string, string>; readonly query?: string; readonly minSize?: string }

async function ask(path: string, { app = 'erp', principal = viewer, headers = {}, query = '', minSize = '20MB' }: Asking = {}, routes = widgetRoutesWith(() => script)): Promise<Response> {
  const route = routes.find((known) => known.path === path)
  assert.ok(route, path)
  const request = new Request(`http://127.0.0.1:7878${path}?${query}`, { headers })
  return await route.handle({ request, params: { app }, query: new URLSearchParams(query), principal, address: '127.0.0.1', secure: false, server: newServer(minSize === '' ? undefined : minSize), signal: request.signal, note: {} })
}

test('all but the script is for widget tokens and people, and the script is found before an application', () => {
  const routes = widgetRoutesWith(() => script)
  assert.deepEqual(routes.map(({ method, path, access }) => `${method} ${path} ${access}`), [
    'GET /widget/tile.js public', 'GET /widget/:app widget', 'GET /api/apps/:app/widget widget', 'GET /api/apps/:app/badge.svg widget', 'GET /api/apps/:app/jeedom widget',
  ])
})

test('the data are those of the schema, and tell nothing of places and folders', async () => {
  const response = await ask('/api/apps/:app/widget')
  const text = await response.text()
  const state = widgetStateSchema.strict().parse(JSON.parse(text))
  assert.deepEqual([state.app, state.action, state.fileName, state.state], ['erp', 'done', 'erp.zip', 'ok'])
  assert.doesNotMatch(text, /secret/)
  assert.equal(response.headers.get('cache-control'), 'no-store')
})

test('the application\'s own smallest size counts, else 100 MB', async () => {
  const asked = async (minSize: string): Promise<unknown> => {
    const { minSizeBytes, troubles, state } = widgetStateSchema.parse(await (await ask('/api/apps/:app/widget', { minSize })).json())
    return [minSizeBytes, troubles, state]
  }
  assert.deepEqual(await asked('20MB'), [20e6, [], 'ok'])
  assert.deepEqual(await asked(''), [104_857_600, ['too-small'], 'warning'])
})

test('only the pages of a widget token may read the data from elsewhere', async () => {
  const allow = async (principal: Principal, origin?: string): Promise<string | null> => {
    const { headers } = await ask('/api/apps/:app/widget', { principal, ...(origin === undefined ? {} : { headers: { origin } }) })
    assert.equal(headers.get('vary'), 'Origin')
    assert.equal(headers.get('access-control-allow-credentials'), null)
    return headers.get('access-control-allow-origin')
  }
  const token = widgetToken('https://home.example:8123', 'https://*.example.org')
  assert.equal(await allow(token, 'https://home.example:8123'), 'https://home.example:8123')
  assert.equal(await allow(token, 'https://a.example.org'), 'https://a.example.org')
  for (const origin of ['https://home.example', 'http://home.example:8123', 'https://home.example:8123.evil.test', 'https://example.org', 'null', 'https://evil.test']) assert.equal(await allow(token, origin), null, origin)
  assert.equal(await allow(token), null)
  assert.equal(await allow(widgetToken(), 'https://home.example:8123'), null)
  assert.equal(await allow(widgetToken('\'self\''), 'http://127.0.0.1:7878'), null)
  assert.equal(await allow(viewer, 'https://home.example:8123'), null, 'a session is nobody else\'s to use')
  assert.equal(await allow({ kind: 'token', id: 't', name: 'n', tokenKind: 'api', role: 'admin', frameAncestors: ['https://home.example'] }, 'https://home.example'), null)
})

test('sources match origins as in frame-ancestors', () => {
  const cases: readonly (readonly [source: string, origin: string, matches: boolean])[] = [
    ['https://a.example', 'https://a.example', true], ['https://A.example', 'https://a.example', true], ['https://a.example:443', 'https://a.example', true], ['http://a.example:80', 'http://a.example', true],
    ['https://a.example:8443', 'https://a.example', false], ['https://a.example', 'https://a.example:8443', false], ['https://a.example:*', 'https://a.example:8443', true],
    ['http://a.example', 'https://a.example', false], ['https://*.example', 'https://a.b.example', true], ['https://*.example', 'https://example', false], ['https://*.example', 'https://evilexample', false],
    ['https://*', 'https://anything.test', true], ['http://192.168.1.5:8123', 'http://192.168.1.5:8123', true], ['http://[fd00::1]:8123', 'http://[fd00::1]:8123', true],
    ['*', 'https://a.example', false], ['https://a.*', 'https://a.example', false], ['https://a.example', 'https://a.example/', false], ['https://a.example', 'not an origin', false],
  ]
  for (const [source, origin, matches] of cases) assert.equal(originMatches(origin, [source]), matches, `${source} ${origin}`)
})

test('the page for an iframe runs our script alone, in the pages of its token, else in our own', async () => {
  const response = await ask('/widget/:app', { principal: widgetToken('https://home.example:8123', 'http://ha.local') })
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'; script-src 'self'; .*frame-ancestors https:\/\/home\.example:8123 http:\/\/ha\.local$/)
  assert.doesNotMatch(policy, /unsafe/)
  const html = await response.text()
  const style = /<style>(.*?)<\/style>/.exec(html)?.[1] ?? ''
  assert.ok(policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`), 'its own few rules are let through by their hash')
  assert.match(html, /<holdfast-tile from-url server="\.\.\/" app="erp"><\/holdfast-tile><\/main><script src="tile\.js"><\/script>/)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  for (const principal of [viewer, widgetToken(), widgetToken('https://a.test; script-src *', '*')]) {
    assert.match((await ask('/widget/:app', { principal })).headers.get('content-security-policy') ?? '', /frame-ancestors 'self'$/)
  }
})

test('it speaks the language that is asked for, else the reader\'s, else English', async () => {
  const lang = async (asking: Asking): Promise<string | undefined> => /<html lang="(\w+)"/.exec(await (await ask('/widget/:app', asking)).text())?.[1]
  assert.equal(await lang({ query: 'lang=fr', headers: { 'accept-language': 'it' } }), 'fr')
  assert.equal(await lang({ headers: { 'accept-language': 'de-CH, it-IT;q=0.8' } }), 'it')
  assert.equal(await lang({ query: 'lang="><script>' }), 'en')
})

test('a hostile name is text in the page and in the badge', async () => {
  for (const app of names.slice(1)) {
    const html = await (await ask('/widget/:app', { app })).text()
    assert.doesNotMatch(html, /<img|app="a"b/)
    const svg = await (await ask('/api/apps/:app/badge.svg', { app, query: `label=${encodeURIComponent('<script>"')}` })).text()
    assert.doesNotMatch(svg, /<img|<script/)
  }
})

test('the badge is a picture for other pages, that runs nothing', async () => {
  const response = await ask('/api/apps/:app/badge.svg', { query: 'lang=fr&label=sauvegarde' })
  assert.equal(response.headers.get('content-type'), 'image/svg+xml')
  assert.equal(response.headers.get('cross-origin-resource-policy'), 'cross-origin')
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/)
  assert.match(await response.text(), /aria-label="sauvegarde: ok, il y a 1\u00a0h"/)
})

test('the script is for all pages, zipped where that is understood, and is not sent again unchanged', async () => {
  const response = await ask('/widget/tile.js')
  assert.equal(await response.text(), script.toString())
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  assert.equal(response.headers.get('cross-origin-resource-policy'), 'cross-origin')
  const zipped = await ask('/widget/tile.js', { headers: { 'accept-encoding': 'gzip, br' } })
  assert.equal(zipped.headers.get('content-encoding'), 'gzip')
  assert.equal(gunzipSync(await zipped.bytes()).toString(), script.toString())
  const tag = response.headers.get('etag') ?? ''
  assert.equal((await ask('/widget/tile.js', { headers: { 'if-none-match': tag } })).status, 304)
  const missing = await ask('/widget/tile.js', {}, widgetRoutesWith(() => undefined))
  assert.equal(missing.status, 503)
  assert.match(await missing.text(), /npm run build/)
})

test('Jeedom gets its own value, and an unknown application is one everywhere', async () => {
  assert.deepEqual(await (await ask('/api/apps/:app/jeedom')).json(), { action: 'endBackup', about: 'erp' })
  for (const path of ['/widget/:app', '/api/apps/:app/widget', '/api/apps/:app/badge.svg', '/api/apps/:app/jeedom']) {
    await assert.rejects(ask(path, { app: 'nobody' }), (error: unknown) => error instanceof AppError && error.code === 'app.unknown', path)
  }
})
