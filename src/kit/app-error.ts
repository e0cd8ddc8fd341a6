import type { ErrorCode } from './error-codes.ts'

export type ErrorOptions = {
  /** What the user can do next, as one sentence. */
  hint?: string
  /** True where the same call may succeed later without a change: a network fault, a busy lock. */
  retry?: boolean
  cause?: unknown
}

/** The one error that users see: a code, a sentence, what to do next, and the cause. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly retry: boolean

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.code = code
    this.hint = options.hint
    this.retry = options.retry ?? false
  }
}

/** The code of a system error (`ENOENT`), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code) ? error.code : undefined
}

/** The sentence of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
