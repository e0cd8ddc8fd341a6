import type { Problem } from '../../../src/model/api/problem.ts'

/** What the server refused or could not do, as it tells it. `status` 0: it was not reached. */
export class ProblemError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | undefined

  constructor(status: number, { code, message, hint }: Problem) {
    super(message)
    this.name = 'ProblemError'
    this.status = status
    this.code = code
    this.hint = hint
  }
}

type Handlers = {
  /** Asks for the password again; true once it was right. */
  stepUp: () => Promise<boolean>
  signedOut: () => void
}
const handlers: Handlers = { stepUp: () => Promise.resolve(false), signedOut: () => undefined }

/** What is done when the server asks for the password again or knows the session no more. */
export function handleAccess(given: Partial<Handlers>): void {
  Object.assign(handlers, given)
}

/** An address of the server: `path` has no leading slash, so that it lies below the base path. */
export function serverUrl(path: string, query?: Readonly<Record<string, string | number | undefined>>): string {
  const url = new URL(path, document.baseURI)
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined && value !== '') url.searchParams.set(name, String(value))
  return url.href
}

/** A path with names in it; each is one part, whatever signs it holds. */
export function pathOf(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return parts.map((part, index) => part + (names[index] === undefined ? '' : encodeURIComponent(names[index]))).join('')
}

export type RequestOptions = { readonly body?: unknown; readonly raw?: Blob; readonly signal?: AbortSignal | undefined }

/**
 * Asks the server. The answer's type is what the contract in src/model/api says; the server that sends this page has checked it.
 *
 * @throws ProblemError
 */
export async function request<T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options)
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T
  const problem = await problemOf(response)
  if (response.status === 401 && path !== 'api/session') handlers.signedOut()
  if (problem.code === 'access.step-up' && await handlers.stepUp()) return await request(method, path, options)
  throw problem
}

async function send(method: string, path: string, { body, raw, signal }: RequestOptions): Promise<Response> {
  const headers = new Headers({ accept: 'application/json' })
  if (method !== 'GET') headers.set('X-Holdfast', '1')
  if (body !== undefined) headers.set('content-type', 'application/json')
  if (raw !== undefined) headers.set('content-type', 'application/octet-stream')
  try {
    return await fetch(serverUrl(path), { method, headers, credentials: 'same-origin', ...(body === undefined ? raw === undefined ? {} : { body: raw } : { body: JSON.stringify(body) }), ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ProblemError(0, { code: 'network.failed', message: 'The server was not reached' })
  }
}

async function problemOf(response: Response): Promise<ProblemError> {
  try {
    return new ProblemError(response.status, await response.json() as Problem)
  } catch {
    // A proxy in between answers in its own words.
    return new ProblemError(response.status, { code: 'network.failed', message: `${response.status} ${response.statusText}` })
  }
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> => request<T>('GET', path, { signal })
export const post = <T>(path: string, body: unknown = {}): Promise<T> => request<T>('POST', path, { body })
