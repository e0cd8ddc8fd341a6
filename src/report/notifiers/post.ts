import { AppError } from '../../kit/app-error.ts'
import { guardedFetch } from '../../kit/guarded-fetch.ts'
import type { GuardedRequest } from '../../kit/guarded-fetch.ts'
import { hideSecrets } from '../../kit/hide-secrets.ts'
import { printable } from '../../kit/printable.ts'
import type { Secret } from '../../kit/secret.ts'

const timeoutMs = 15_000
const answerShown = 200

export type Post = Omit<GuardedRequest, 'timeoutMs' | 'lookup'> & { readonly lookup?: GuardedRequest['lookup'] | undefined }

/**
 * Sends one request of a notifier and wants a status of 2xx.
 *
 * @param secrets that may stand in the request: an answer may hold them again, and errors show it without them.
 * @throws AppError `report.failed` for another status, and as guardedFetch.
 */
export async function post({ lookup, ...request }: Post, secrets: readonly Secret[], signal: AbortSignal): Promise<void> {
  const { status, text } = await guardedFetch({ ...request, timeoutMs, ...(lookup === undefined ? {} : { lookup }) }, signal)
  if (status >= 200 && status < 300) return
  const answer = printable(hideSecrets(text, secrets).trim()).slice(0, answerShown)
  throw new AppError('report.failed', `${new URL(request.url).host} answered with status ${status}${answer === '' ? '' : `: ${answer}`}`, {
    hint: status === 401 || status === 403 ? 'Check the token or password.' : 'Check the address and what it expects.',
    retry: status === 429 || status >= 500,
  })
}
