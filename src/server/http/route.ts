import type { Principal } from '../../model/principal.ts'
import type { Server } from '../server.ts'

/**
 * Whom a route is for. A role may do all that the lesser ones may; `widget` routes are for widget tokens and everybody from
 * viewer on; `public` ones for all the world.
 */
export type RouteAccess = 'public' | 'widget' | 'viewer' | 'operator' | 'admin'

export type RequestContext = {
  readonly request: Request
  /** Decoded parts of the path: `/api/apps/:app`. */
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly principal: Principal
  /** The client's address; behind a trusted proxy the one that it tells. */
  readonly address: string
  /** True over HTTPS, also where a trusted proxy ends it. */
  readonly secure: boolean
  readonly server: Server
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal
  /** What the handler adds to the route's line in the audit log; empty when it is called. */
  readonly note: AuditNote
}

/** `who`: where the principal does not tell it yet (a sign-in). `target`: instead of the path's parameters. Never a secret. */
export type AuditNote = { who?: string; target?: string }

/**
 * One route. Deny by default: who may come is said here and nowhere else, and a handler is reached by those alone. Routes with
 * `:app` are closed to tokens of other applications. `stepUp`: a person whose password was given within the last minutes.
 */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: `/${string}`
  readonly access: RouteAccess
  readonly stepUp?: true
  /** Closed to tokens: it is about the person who is signed in. */
  readonly people?: true
  /** The handler itself keeps to a token's applications (`mayUse`). A route with neither this nor `:app` is closed to tokens of some applications. */
  readonly narrows?: true
  /** What the audit log calls it; required for what changes anything. */
  readonly audit?: string
  /** The largest body that is read, in bytes; 64 KiB by default, 0 for a body that the handler streams itself. */
  readonly bodyBytes?: number
  handle(context: RequestContext): Promise<Response> | Response
}
