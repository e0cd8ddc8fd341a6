import type { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import type { ErrorCode } from '../../kit/error-codes.ts'
import type { Problem } from '../../model/api/problem.ts'
import { accessStatus } from '../access/access-status.ts'
import { RateLimited } from '../access/rate-limited.ts'
import type { RequestContext } from './route.ts'

const noStore = { 'cache-control': 'no-store' }

/** An answer in JSON. */
export function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { ...noStore, 'content-type': 'application/json; charset=utf-8' } })
}

export function noContent(): Response {
  return new Response(null, { status: 204, headers: noStore })
}

/** What went wrong, as every answer with a status from 400 on tells it. */
export function problem(status: number, body: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...noStore, ...headers, 'content-type': 'application/json; charset=utf-8' } })
}

const statusOf: Partial<Record<ErrorCode, number>> = {
  ...accessStatus,
  'usage': 400, 'config.invalid': 400, 'config.unsafe': 409, 'config.missing': 404, 'schedule.invalid': 400, 'source.selection': 400,
  'app.unknown': 404, 'app.ambiguous': 409, 'source.missing': 409, 'vault.unknown-point': 404, 'vault.ambiguous-point': 409, 'vault.missing': 409, 'vault.empty': 404, 'vault.protected': 409,
  'lock.held': 409, 'queue.full': 429, 'storage.exists': 409, 'storage.full': 507, 'storage.denied': 403, 'restore.confirm': 400, 'restore.plan-changed': 409, 'restore.failed': 409, 'restore.foreign': 403, 'interrupted': 499,
  'archive.damaged': 422, 'archive.foreign': 422, 'archive.password': 422, 'archive.encryption': 422,
}

/** An error as an answer. What is unexpected is told without its insides: they are in the server's log. */
export function errorResponse(error: unknown): Response {
  if (!(error instanceof AppError)) return problem(500, { code: 'internal', message: 'Something unexpected happened', hint: 'The server\'s log tells more.' })
  return problem(statusOf[error.code] ?? 500, { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) }, error instanceof RateLimited ? { 'retry-after': String(error.retryAfterSeconds) } : {})
}

/**
 * The request's body as the schema has it. @throws AppError `usage` for anything else; `http.too-large`.
 */
export async function readJson<T>(context: RequestContext, schema: z.ZodType<T>): Promise<T> {
  const type = context.request.headers.get('content-type') ?? ''
  const text = await context.request.text()
  if (text !== '' && !/^application\/json\b/i.test(type)) throw new AppError('usage', 'The body is no JSON', { hint: 'Send Content-Type: application/json.' })
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch (cause) {
    throw new AppError('usage', 'The body is no JSON', { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  // What was sent is not repeated: it may be a password.
  throw new AppError('usage', `The request does not fit: ${issue === undefined ? '' : `${issue.path.join('.') || 'the body'}: ${issue.message}`}`)
}

/** A whole number of the query, within bounds. @throws AppError `usage`. */
export function queryNumber(context: RequestContext, name: string, { standard, most }: { readonly standard: number; readonly most: number }): number {
  const text = context.query.get(name)
  if (text === null) return standard
  if (!/^\d{1,15}$/.test(text) || Number(text) > most) throw new AppError('usage', `${name} is a whole number of at most ${most}`)
  return Number(text)
}

/** A name for a download (RFC 6266): what is not plain ASCII stands percent-encoded beside a safe one. */
export function attachment(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._ -]/g, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)}`
}
