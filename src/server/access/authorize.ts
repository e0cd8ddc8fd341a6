import type { Role } from '../../model/api/access.ts'
import type { Problem } from '../../model/api/problem.ts'
import type { Principal } from '../../model/principal.ts'
import type { Route, RouteAccess } from '../http/route.ts'

export type Verdict = { readonly allowed: true } | { readonly allowed: false; readonly status: 401 | 403; readonly problem: Problem }

const rank: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, admin: 3 }
const needed: Readonly<Record<Exclude<RouteAccess, 'public'>, Role>> = { widget: 'viewer', viewer: 'viewer', operator: 'operator', admin: 'admin' }

/**
 * Whether this principal may use this route with these parameters at this moment (milliseconds since 1970). Pure, and deny by
 * default: what is not allowed by a line here is refused. `params` are the decoded ones that the handler gets.
 */
export function authorize(principal: Principal, route: Omit<Route, 'handle'>, params: Readonly<Record<string, string>>, nowMs: number): Verdict {
  if (route.access === 'public') return route.stepUp === undefined && route.people === undefined ? allowed : denied('This route is not for everybody.')
  if (principal.kind === 'anonymous') return required
  const role = needed[route.access]
  // An unknown role has no rank, and a comparison with undefined is false: refused.
  if (!(rank[principal.role] >= rank[role])) return denied(`This needs the role ${role}; ${principal.kind === 'token' ? 'the token' : 'the account'} has ${principal.role}.`)
  return principal.kind === 'token' ? forToken(principal, route, params) : forAccount(principal, route, nowMs)
}

function forAccount(account: Extract<Principal, { kind: 'account' }>, route: Omit<Route, 'handle'>, nowMs: number): Verdict {
  return route.stepUp === undefined || account.elevatedUntil > nowMs ? allowed : stepUp
}

/** A stolen token must not be able to restore, delete or make further tokens: what asks for a password is for people. */
function forToken(token: Extract<Principal, { kind: 'token' }>, route: Omit<Route, 'handle'>, params: Readonly<Record<string, string>>): Verdict {
  if (route.stepUp !== undefined || route.people !== undefined) return denied('This is for people who are signed in, not for tokens.')
  if (token.tokenKind === 'widget' && (route.access !== 'widget' || route.method !== 'GET')) return denied('A widget token may only read widgets.')
  if (token.apps === undefined) return allowed
  // The path, not the parameters: a handler's `:app` is what counts, and a route that has none is closed unless it narrows.
  const named = route.path.split('/').includes(':app')
  if (!named) return route.narrows === true ? allowed : denied('The token is for some applications only, and this is about all of them.')
  const app = params['app']
  return app !== undefined && token.apps.includes(app) ? allowed : denied('The token is not for this application.')
}

const allowed: Verdict = { allowed: true }

const required: Verdict = {
  allowed: false,
  status: 401,
  problem: { code: 'access.required', message: 'Nobody is signed in.', hint: 'Sign in, or send a token: `Authorization: Bearer hf_…`.' },
}

const stepUp: Verdict = {
  allowed: false,
  status: 403,
  problem: { code: 'access.step-up', message: 'This asks for your password again.', hint: 'Give it (`POST /api/step-up`), then ask once more within ten minutes.', stepUp: true },
}

function denied(message: string): Verdict {
  return { allowed: false, status: 403, problem: { code: 'access.denied', message } }
}
