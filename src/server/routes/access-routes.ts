import { hostname } from 'node:os'
import { AppError } from '../../kit/app-error.ts'
import { programVersion } from '../../kit/program-version.ts'
import {
  changeAccountSchema, changePasswordSchema, newAccountSchema, newTokenSchema, setupRequestSchema, signInRequestSchema, stepUpRequestSchema, totpConfirmSchema,
} from '../../model/api/access.ts'
import type { SessionInfo } from '../../model/api/access.ts'
import type { Principal } from '../../model/principal.ts'
import { sessionCookie, sessionOf } from '../access/session-cookie.ts'
import { json, noContent, queryNumber, readJson } from '../http/answers.ts'
import type { RequestContext, Route } from '../http/route.ts'

/** Sign-in, devices, accounts, tokens and the audit log. */
export const accessRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/session', access: 'public', handle: async (context) => json(await sessionInfo(context, await principalOf(context))) },
  { method: 'POST', path: '/api/setup', access: 'public', audit: 'set up', handle: setUp },
  { method: 'POST', path: '/api/session', access: 'public', audit: 'sign in', handle: signIn },
  { method: 'DELETE', path: '/api/session', access: 'viewer', people: true, audit: 'sign out', handle: signOut },
  { method: 'POST', path: '/api/step-up', access: 'viewer', people: true, audit: 'give the password again', handle: stepUp },
  { method: 'GET', path: '/api/sessions', access: 'viewer', people: true, handle: async (context) => json(await context.server.access.sessions.list(person(context).name, person(context).session)) },
  { method: 'DELETE', path: '/api/sessions/:session', access: 'viewer', people: true, audit: 'sign out a device', handle: endSession },
  { method: 'POST', path: '/api/account/password', access: 'viewer', people: true, audit: 'change the own password', handle: changePassword },
  { method: 'POST', path: '/api/account/totp', access: 'viewer', people: true, stepUp: true, audit: 'begin an authenticator', handle: beginTotp },
  { method: 'POST', path: '/api/account/totp/confirm', access: 'viewer', people: true, audit: 'turn on the authenticator', handle: confirmTotp },
  { method: 'DELETE', path: '/api/account/totp', access: 'viewer', people: true, stepUp: true, audit: 'turn off the authenticator', handle: removeTotp },
  { method: 'GET', path: '/api/users', access: 'admin', handle: async (context) => json(await context.server.access.accounts.list()) },
  { method: 'POST', path: '/api/users', access: 'admin', stepUp: true, audit: 'add an account', handle: addAccount },
  { method: 'PATCH', path: '/api/users/:name', access: 'admin', stepUp: true, audit: 'change an account', handle: changeAccount },
  { method: 'DELETE', path: '/api/users/:name', access: 'admin', stepUp: true, audit: 'remove an account', handle: removeAccount },
  { method: 'GET', path: '/api/tokens', access: 'admin', handle: async (context) => json(await context.server.access.tokens.list()) },
  { method: 'POST', path: '/api/tokens', access: 'admin', stepUp: true, audit: 'make a token', handle: createToken },
  { method: 'DELETE', path: '/api/tokens/:token', access: 'admin', audit: 'revoke a token', handle: revokeToken },
  { method: 'GET', path: '/api/audit', access: 'admin', handle: auditPage },
]

/** Who asks on a route for everybody, where nobody has looked yet. */
async function principalOf({ server, request, address, secure }: RequestContext): Promise<Principal> {
  return await server.access.authenticate(request, address, secure)
}

async function sessionInfo({ server }: RequestContext, principal: Principal): Promise<SessionInfo> {
  const setup = !await server.access.hasAccounts()
  if (principal.kind !== 'account') return { setup }
  const account = await server.access.accounts.find(principal.name)
  return {
    setup, version: programVersion, command: server.commandLine([]),
    user: { name: principal.name, role: principal.role, totp: account?.totp !== undefined },
    ...(principal.elevatedUntil > server.access.now() ? { elevatedUntil: new Date(principal.elevatedUntil).toISOString() } : {}),
  }
}

async function setUp(context: RequestContext): Promise<Response> {
  const given = await readJson(context, setupRequestSchema)
  const session = await context.server.access.signIn.setUp(given, device(context))
  context.note.who = given.name
  return await signedIn(context, session, given.name)
}

async function signIn(context: RequestContext): Promise<Response> {
  const given = await readJson(context, signInRequestSchema)
  const { access } = context.server
  // A name that nobody has may be a password in the wrong field: it is not written down.
  context.note.who = (await access.accounts.find(given.name))?.name ?? 'unknown account'
  return await signedIn(context, await access.signIn.signIn(given, device(context)), given.name)
}

/** The old session of this browser ends: who had it, or planted it, gains nothing from the sign-in. */
async function signedIn(context: RequestContext, session: string, name: string): Promise<Response> {
  const { access } = context.server
  const old = sessionOf(context.request, context.secure)
  if (old !== undefined) await access.sessions.endOf(old)
  const principal = await access.sessions.find(session, context.address)
  if (principal === undefined) throw new AppError('access.required', `The session of ${name} has ended already`, { hint: 'Sign in again.' })
  return withCookie(json(await sessionInfo(context, principal)), context, session)
}

async function signOut(context: RequestContext): Promise<Response> {
  const session = sessionOf(context.request, context.secure)
  if (session !== undefined) await context.server.access.sessions.endOf(session)
  return withCookie(noContent(), context, undefined)
}

async function stepUp(context: RequestContext): Promise<Response> {
  const principal = person(context)
  const elevatedUntil = await context.server.access.signIn.stepUp(principal, await readJson(context, stepUpRequestSchema), context.address)
  return json(await sessionInfo(context, { ...principal, elevatedUntil }))
}

async function endSession(context: RequestContext): Promise<Response> {
  const id = parameter(context, 'session')
  if (!await context.server.access.sessions.end(person(context).name, id)) throw new AppError('access.unknown', 'There is no session of this id', { hint: 'See the list of devices.' })
  return id === person(context).session ? withCookie(noContent(), context, undefined) : noContent()
}

async function changePassword(context: RequestContext): Promise<Response> {
  await context.server.access.signIn.changePassword(person(context), await readJson(context, changePasswordSchema), context.address)
  return noContent()
}

async function beginTotp(context: RequestContext): Promise<Response> {
  const { name } = person(context)
  return json(await context.server.access.authenticators.begin(name, `${name}@${hostname()}`))
}

async function confirmTotp(context: RequestContext): Promise<Response> {
  const { totp } = await readJson(context, totpConfirmSchema)
  await context.server.access.signIn.confirmTotp(person(context), totp, context.address)
  return noContent()
}

async function removeTotp(context: RequestContext): Promise<Response> {
  await context.server.access.authenticators.remove(person(context).name)
  return noContent()
}

async function addAccount(context: RequestContext): Promise<Response> {
  const account = await readJson(context, newAccountSchema)
  context.note.target = `${account.name} (${account.role})`
  await context.server.access.accounts.add(account)
  return noContent()
}

async function changeAccount(context: RequestContext): Promise<Response> {
  const name = parameter(context, 'name')
  const { role, password } = await readJson(context, changeAccountSchema)
  const { accounts } = context.server.access
  context.note.target = `${name}: ${[role === undefined ? '' : `role ${role}`, password === undefined ? '' : 'password'].filter((part) => part !== '').join(', ')}`
  if (role !== undefined) await accounts.setRole(name, role)
  if (password !== undefined) await accounts.setPassword(name, password, person(context).session)
  return noContent()
}

async function removeAccount(context: RequestContext): Promise<Response> {
  await context.server.access.accounts.remove(parameter(context, 'name'))
  return noContent()
}

async function createToken(context: RequestContext): Promise<Response> {
  const wanted = await readJson(context, newTokenSchema)
  context.note.target = `${wanted.name} (${wanted.kind}, ${wanted.role})`
  return json(await context.server.access.tokens.create(wanted), 201)
}

async function revokeToken(context: RequestContext): Promise<Response> {
  await context.server.access.tokens.revoke(parameter(context, 'token'))
  return noContent()
}

async function auditPage(context: RequestContext): Promise<Response> {
  const limit = queryNumber(context, 'limit', { standard: 100, most: 500 })
  const cursor = context.query.has('cursor') ? queryNumber(context, 'cursor', { standard: 0, most: 999_999_999 }) : undefined
  return json(await context.server.access.auditLog.page(limit, cursor))
}

function withCookie(response: Response, context: RequestContext, session: string | undefined): Response {
  response.headers.append('set-cookie', sessionCookie(session, context.secure, context.server.options.basePath))
  return response
}

function device(context: RequestContext): { address: string; agent: string } {
  return { address: context.address, agent: context.request.headers.get('user-agent') ?? '' }
}

/** The person of a route with `people` or `stepUp`, to which nobody else comes. */
function person({ principal }: RequestContext): Extract<Principal, { kind: 'account' }> {
  if (principal.kind !== 'account') throw new AppError('access.denied', 'This is for people who are signed in')
  return principal
}

function parameter(context: RequestContext, name: string): string {
  const value = context.params[name]
  if (value === undefined) throw new AppError('internal', `The route has no parameter ${name}`)
  return value
}
