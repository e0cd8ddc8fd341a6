import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Principal } from '../../model/principal.ts'
import { log } from '../log.ts'
import type { Server } from '../server.ts'
import { problem } from './answers.ts'
import type { Reach } from './reach.ts'
import { isOwnHost, reachOf, trusting } from './reach.ts'
import type { AuditNote, RequestContext, Route } from './route.ts'
import { secured } from './security-headers.ts'
import { steadily } from './steadily.ts'
import type { WebFiles } from './web-files.ts'

type Env = { Bindings: HttpBindings }

const usualBodyBytes = 64 * 1024
/** A body that trickles in must not hold a connection for ever. */
const bodyIdleMs = 15_000
const bodyWholeMs = 60_000

/** All routes behind one door: whose name is asked for, where the request comes from, who asks, what that one may, and only then the handler. */
export function httpApp(server: Server, routes: readonly Route[], files: WebFiles, tls: boolean): Hono<Env> {
  const app = new Hono<Env>()
  const base = (): string => server.options.basePath
  const handle = async (request: Request, peer: string, answer: (reach: Reach, signal: AbortSignal) => Promise<Response>): Promise<Response> => {
    const { hosts, trustedProxies } = server.options
    const reach = reachOf(request.headers, peer, tls, trusting(trustedProxies))
    const refused = refuse(request, reach, hosts)
    const unread = new AbortController()
    const signal = request.method === 'HEAD' ? AbortSignal.any([request.signal, unread.signal]) : request.signal
    const response = secured(refused ?? await answer(reach, signal).catch((error: unknown) => server.failed(error, request)), reach.secure)
    // Nobody reads the body of an answer to HEAD: what it holds open must be let go.
    if (request.method === 'HEAD') {
      unread.abort()
      await response.body?.cancel()
    }
    return response
  }
  for (const route of routes) {
    app.on(route.method, `${base()}${route.path.slice(1)}`, async (c) => await handle(c.req.raw, peerOf(c.env), async (reach, signal) => {
      const params = decoded(c.req.param())
      return await run(route, c.req.raw, params, reach, server, signal)
    }))
  }
  app.all(`${base()}api/*`, async (c) => await handle(c.req.raw, peerOf(c.env), async () => problem(404, { code: 'usage', message: 'There is nothing here' })))
  app.get('*', async (c) => await handle(c.req.raw, peerOf(c.env), async () => {
    const { pathname } = new URL(c.req.url)
    if (!pathname.startsWith(base())) return `${pathname}/` === base() ? new Response(null, { status: 308, headers: { location: base() } }) : problem(404, { code: 'usage', message: 'There is nothing here' })
    return files.answer(pathname.slice(base().length), base(), c.req.raw.headers)
  }))
  app.notFound(async (c) => await handle(c.req.raw, peerOf(c.env), async () => problem(405, { code: 'usage', message: 'That cannot be done here' })))
  return app
}

async function run(route: Route, request: Request, params: Readonly<Record<string, string>>, reach: Reach, server: Server, signal: AbortSignal): Promise<Response> {
  const query = new URL(request.url).searchParams
  const { access } = server
  const principal: Principal = route.access === 'public' ? { kind: 'anonymous' } : await access.authenticate(request, reach.address, reach.secure, route)
  const verdict = access.authorize(principal, route, params)
  if (!verdict.allowed) {
    await note(server, route, principal, reach, params, 'denied')
    return problem(verdict.status, verdict.problem, verdict.status === 401 ? { 'www-authenticate': 'Bearer' } : {})
  }
  const isUnsafe = route.method !== 'GET'
  // Whoever holds a cookie must show that a page of ours asks: no foreign form can set this header.
  if (isUnsafe && principal.kind === 'account' && request.headers.get('origin') === null && request.headers.get('x-holdfast') === null) {
    return problem(403, { code: 'access.origin', message: 'It does not show that a page of this server asks', hint: 'Send the header X-Holdfast: 1.' })
  }
  const limit = route.bodyBytes ?? usualBodyBytes
  const whole = isUnsafe && limit > 0 ? await withBody(request, limit) : request
  if (whole === undefined) return problem(413, { code: 'http.too-large', message: `The request is larger than ${limit} bytes` })
  const context: RequestContext = { request: whole, params, query, principal, address: reach.address, secure: reach.secure, server, signal, note: {} }
  try {
    const response = await route.handle(context)
    await note(server, route, principal, reach, params, response.status < 400 ? 'ok' : response.status === 401 || response.status === 403 ? 'denied' : 'failed', context.note)
    return response
  } catch (error) {
    await note(server, route, principal, reach, params, error instanceof AppError && error.code.startsWith('access.') ? 'denied' : 'failed', context.note)
    throw error
  }
}

async function note(server: Server, route: Route, principal: Principal, reach: Reach, params: Readonly<Record<string, string>>, outcome: 'ok' | 'denied' | 'failed', said: AuditNote = {}): Promise<void> {
  if (route.audit === undefined) return
  const target = said.target ?? Object.values(params).join(' ')
  // What was done is done: that it could not be written down must not look like a failure of it.
  await server.access.audit({ who: said.who ?? whoIs(principal), address: reach.address, action: route.audit, ...(target === '' ? {} : { target }), outcome }).catch((error: unknown) => log(`the audit log: ${messageOf(error)}`))
}

/** The name of who asks, as lists and logs show it. */
export function whoIs(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'nobody' : principal.kind === 'account' ? principal.name : `token ${principal.name}`
}

function refuse(request: Request, { host }: Reach, hosts: readonly string[]): Response | undefined {
  if (!isOwnHost(host, hosts)) {
    return problem(421, { code: 'access.host', message: 'This server is not reached by that name', hint: 'Add the name to server: {hosts: […]} in holdfast.yaml.' })
  }
  const origin = request.headers.get('origin')
  if (request.method === 'GET' || request.method === 'HEAD' || origin === null) return undefined
  const from = URL.parse(origin)
  if (from !== null && (from.host === host || hosts.includes(from.host))) return undefined
  return problem(403, { code: 'access.origin', message: 'A page of another server may not do this' })
}

function decoded(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params))
}

function peerOf(env: HttpBindings | undefined): string {
  return env?.incoming.socket.remoteAddress ?? ''
}

/** The request with its whole body read; undefined where that is larger. @throws AppError `usage` where it does not come. */
async function withBody(request: Request, limit: number): Promise<Request | undefined> {
  if (request.body === null) return request
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of steadily(request.body, { idleMs: bodyIdleMs, wholeMs: bodyWholeMs })) {
    sizeBytes += part.length
    if (sizeBytes > limit) return undefined
    parts.push(part)
  }
  return new Request(request.url, { method: request.method, headers: request.headers, body: Buffer.concat(parts), signal: request.signal })
}

