import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role } from '../../../src/model/api/access.ts'
import type { Principal } from '../../../src/model/principal.ts'
import { authorize } from '../../../src/server/access/authorize.ts'
import { mayUse } from '../../../src/server/access/may-use.ts'
import type { Route, RouteAccess } from '../../../src/server/http/route.ts'

type Asked = Omit<Route, 'handle'>

const now = 1_000_000
const roles: readonly Role[] = ['viewer', 'operator', 'admin']
const kinds: readonly RouteAccess[] = ['public', 'widget', 'viewer', 'operator', 'admin']
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const flags = [undefined, true] as const
const appLists = [undefined, ['erp'], ['wiki'], []]
const paths = [{ path: '/api/thing', params: {} }, { path: '/api/apps/:app/thing', params: { app: 'erp' } }, { path: '/api/things/:id', params: { id: 'erp' } }] as const

const principals: readonly Principal[] = [
  { kind: 'anonymous' },
  ...roles.flatMap((role) => [now - 1, now, now + 1].map((elevatedUntil): Principal => ({ kind: 'account', name: 'anna', role, session: 's', elevatedUntil }))),
  ...roles.flatMap((role) => (['api', 'widget'] as const).flatMap((tokenKind) => appLists.map((apps): Principal => ({ kind: 'token', id: 't', name: 't', tokenKind, role, ...(apps === undefined ? {} : { apps }) })))),
]

function* everyCase(): Generator<{ principal: Principal; route: Asked; params: Readonly<Record<string, string>> }> {
  for (const principal of principals) for (const access of kinds) for (const method of methods) for (const stepUp of flags) for (const people of flags) for (const narrows of flags) for (const { path, params } of paths) {
    yield { principal, params, route: { method, path, access, ...(stepUp && { stepUp }), ...(people && { people }), ...(narrows && { narrows }) } }
  }
}

/** All that may be done, said another way than in the program: a list of what opens a door. */
function isOpen(principal: Principal, route: Asked, params: Readonly<Record<string, string>>): boolean {
  if (route.access === 'public') return !route.stepUp && !route.people
  if (principal.kind === 'anonymous') return false
  const may: Record<Role, readonly RouteAccess[]> = { viewer: ['widget', 'viewer'], operator: ['widget', 'viewer', 'operator'], admin: ['widget', 'viewer', 'operator', 'admin'] }
  if (!may[principal.role].includes(route.access)) return false
  if (principal.kind === 'account') return !route.stepUp || principal.elevatedUntil > now
  if (route.stepUp || route.people) return false
  if (principal.tokenKind === 'widget' && `${route.method} ${route.access}` !== 'GET widget') return false
  if (principal.apps === undefined) return true
  return route.path.includes('/:app/') ? principal.apps.includes(params['app'] ?? '') : route.narrows === true
}

test('every kind of access × method × flags × role, tokens and anonymous included, is open exactly where it should be', () => {
  let [open, closed] = [0, 0]
  for (const { principal, route, params } of everyCase()) {
    const verdict = authorize(principal, route, params, now)
    assert.equal(verdict.allowed, isOpen(principal, route, params), JSON.stringify({ principal, route, params }))
    if (verdict.allowed) open += 1
    else closed += 1
  }
  assert.ok(open > 500 && closed > 10_000, `${open} open, ${closed} closed`)
})

test('who is refused is told why: 401 to nobody, 403 with step-up only where the password is all that is missing', () => {
  for (const { principal, route, params } of everyCase()) {
    const verdict = authorize(principal, route, params, now)
    if (verdict.allowed) continue
    assert.equal(verdict.status, principal.kind === 'anonymous' && route.access !== 'public' ? 401 : 403)
    const code = verdict.problem.code
    assert.equal(verdict.problem.stepUp === true, code === 'access.step-up')
    const elevated: Principal = principal.kind === 'account' ? { ...principal, elevatedUntil: now + 1 } : principal
    assert.equal(code === 'access.step-up', authorize(elevated, route, params, now).allowed)
  }
})

test('a greater role may do all that a lesser one may', () => {
  for (const { principal, route, params } of everyCase()) {
    if (principal.kind === 'anonymous' || !authorize(principal, route, params, now).allowed) continue
    for (const role of roles.slice(roles.indexOf(principal.role))) assert.ok(authorize({ ...principal, role }, route, params, now).allowed)
  }
})

test('a role that nobody knows may do nothing', () => {
  const stranger: Principal = { kind: 'account', name: 'x', role: JSON.parse('"owner"'), session: 's', elevatedUntil: now + 1 }
  for (const access of kinds) assert.equal(authorize(stranger, { method: 'GET', path: '/x', access }, {}, now).allowed, access === 'public')
})

test('routes that narrow see the applications of a token alone', () => {
  const token: Principal = { kind: 'token', id: 't', name: 't', tokenKind: 'api', role: 'viewer', apps: ['erp'] }
  assert.deepEqual([mayUse(token, 'erp'), mayUse(token, 'wiki'), mayUse({ kind: 'anonymous' }, 'erp')], [true, false, false])
  assert.ok(mayUse({ kind: 'account', name: 'a', role: 'viewer', session: 's', elevatedUntil: 0 }, 'wiki'))
})
