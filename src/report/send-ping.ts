import { AppError } from '../kit/app-error.ts'
import { guardedFetch } from '../kit/guarded-fetch.ts'
import type { Lookup } from '../kit/guarded-fetch.ts'
import { retry } from '../kit/retry.ts'
import type { SecretReader } from '../model/secret-reader.ts'
import type { PingOptions } from './ping-options.ts'

/** `log` tells something and changes nothing of the check's state. */
export type PingKind = 'start' | 'success' | 'fail' | 'log'
export type Ping = {
  readonly kind: PingKind
  /** The run's id: Healthchecks pairs begin and end by it. */
  readonly run: string
  /** Sent along by POST; its end, if it is long. */
  readonly text: string
}

const timeoutMs = 10_000
// Healthchecks keeps 100 kB of it.
const textBytes = 10_000
const attempts = 4
const paths: Readonly<Record<PingKind, string>> = { start: '/start', success: '', fail: '/fail', log: '/log' }

export type PingContext = { readonly readSecret: SecretReader; readonly lookup?: Lookup; readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown> }

/**
 * Tells a check of a run (healthchecks.io/docs/http_api); tries four times, within about half a minute.
 *
 * @throws AppError `report.failed`, without the address's path, which is secret; as guardedFetch and the secret reader.
 */
export async function sendPing({ url, method, privateNetwork }: PingOptions, { kind, run, text }: Ping, { readSecret, lookup, wait }: PingContext, signal: AbortSignal): Promise<void> {
  const base = URL.parse((await readSecret(url, signal)).reveal())
  if (base === null) throw new AppError('report.failed', 'The address of the check is none', { hint: 'It begins with https:// or http://.' })
  base.pathname = base.pathname.replace(/\/+$/, '') + paths[kind]
  base.searchParams.set('rid', uuidOf(run))
  await retry(async () => {
    const { status } = await guardedFetch({
      url: base.href, method, privateNetwork, timeoutMs, ...(lookup === undefined ? {} : { lookup }),
      ...(method === 'GET' ? {} : { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: endOf(text) }),
    }, signal)
    if (status >= 200 && status < 300) return
    throw new AppError('report.failed', `The check at ${base.host} answered with status ${status}`, { hint: status === 404 ? 'Check the address: there is no such check.' : 'Check the address.', retry: status === 429 || status >= 500 })
  }, { attempts, firstMs: 1000, maxMs: 10_000, ...(wait === undefined ? {} : { wait }) }, signal)
}

/** A name from outside that is always the same for a run; the check takes nothing but UUIDs. */
function uuidOf(run: string): string {
  const hex = Buffer.from(run, 'utf8').toString('hex').padEnd(32, '0').slice(-32)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function endOf(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  // A character that was cut begins with continuation bytes.
  return bytes.length <= textBytes ? text : bytes.subarray(-textBytes).toString('utf8').replace(/^\ufffd+/, '')
}
