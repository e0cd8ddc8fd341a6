import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WidgetState } from '../../src/model/api/widget.ts'
import { widgetPage, widgetPagePolicy } from '../../src/server/routes/widget-page.ts'
import { buildWidget } from '../../scripts/build-widget.ts'

export type Told = { readonly status?: number; readonly text: string; readonly never?: true; readonly hidden?: true }

export type WidgetStand = AsyncDisposable & {
  /** Where the tile and its answers come from. */
  readonly url: string
  /** Another server, whose pages hold the tile. */
  readonly foreign: string
  readonly script: Buffer
  readonly jeedom: Readonly<Record<'dashboard' | 'mobile', string>>
  /** What is answered of an application; none: 404. `hidden`: the foreign page may not read it. */
  readonly answers: Map<string, Told>
  readonly asked: { readonly app: string; readonly token: string | null; readonly origin: string | undefined }[]
  /** The body of the foreign server's page. */
  body: string
  lang: string
}

/** An answer of the real shape, as it is given now. */
export function answer(more: Partial<WidgetState> = {}): Told {
  const now = new Date().toISOString()
  const state: WidgetState = {
    version: 1, app: 'ERP', action: 'done', lastAt: '2026-11-21T03:00:00.000Z', fileName: 'OSM backup 2026-11-21 03_00_00 FULL.zip', sizeBytes: 123_000_000, minSizeBytes: 104_857_600,
    circles: { local: 'green', network: 'green', cloud: 'grey' }, troubles: [], state: 'ok', judgedAt: now, answeredAt: now, ...more,
  }
  return { text: JSON.stringify(state) }
}

/** A server that stands in for ours, and another whose pages allow its script alone: no inline style, nothing else. It proves the tile's side. */
export async function widgetStand(): Promise<WidgetStand> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-widget-'))
  await buildWidget(folder)
  const read = (name: string): Buffer => readFileSync(join(folder, name))
  const script = read('tile.js')
  const ours = await listen((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x')
    const app = decodeURIComponent(/^\/base\/api\/apps\/([^/]+)\/widget$/.exec(pathname)?.[1] ?? '')
    if (pathname === '/base/widget/tile.js') return response.writeHead(200, { 'content-type': 'text/javascript', 'access-control-allow-origin': '*' }).end(script)
    if (pathname.startsWith('/base/widget/')) {
      return response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': widgetPagePolicy([searchParams.get('pages') ?? stand.foreign]) }).end(widgetPage(decodeURIComponent(pathname.slice(13)), 'en'))
    }
    stand.asked.push({ app, token: searchParams.get('token'), origin: request.headers.origin })
    const told = stand.answers.get(app) ?? { status: 404, text: '{}' }
    if (told.never !== true) response.writeHead(told.status ?? 200, { 'content-type': 'application/json', ...(told.hidden === true ? {} : { 'access-control-allow-origin': stand.foreign }) }).end(told.text)
  })
  const theirs = await listen((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': `default-src 'none'; script-src ${stand.url}/base/widget/; connect-src ${stand.url}; frame-src ${stand.url}` })
    response.end(`<!doctype html><html lang="${stand.lang}"><head><title>Elsewhere</title></head><body><main><h1>Elsewhere</h1>${stand.body}</main><script src="${stand.url}/base/widget/tile.js"></script></body></html>`)
  })
  const stand: WidgetStand = {
    url: addressOf(ours), foreign: addressOf(theirs), script, answers: new Map(), asked: [], body: '', lang: 'en',
    jeedom: { dashboard: read('jeedom-dashboard.html').toString(), mobile: read('jeedom-mobile.html').toString() },
    async [Symbol.asyncDispose]() {
      for (const server of [ours, theirs]) {
        server.closeAllConnections()
        await new Promise((resolve) => { server.close(resolve) })
      }
      await rm(folder, { recursive: true })
    },
  }
  return stand
}

async function listen(handle: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<Server> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  return server
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
