import { AppError, messageOf } from '../kit/app-error.ts'
import type { Secret } from '../kit/secret.ts'

const timeoutMs = 10_000
const answerBytes = 2000

/** Where a Jeedom answers, and what opens it. */
export type JeedomAccess = { readonly url: string; readonly apiKey: Secret }

/**
 * Sets an info command of a Jeedom to a value, by its HTTP API: GET `/core/api/jeeApi.php` with `type=event`. Jeedom answers a
 * refusal with status 200 and a sentence — which may hold the key —, and a success with nothing. Waits at most 10 seconds.
 *
 * @throws AppError `report.failed`, without the key and the address's query; `interrupted`.
 */
export async function sendJeedomEvent({ url, apiKey }: JeedomAccess, commandId: number, value: string, signal: AbortSignal): Promise<void> {
  const query = new URLSearchParams({ apikey: apiKey.reveal(), type: 'event', id: String(commandId), value })
  const limit = AbortSignal.timeout(timeoutMs)
  const hide = (text: string): string => [apiKey.reveal(), encodeURIComponent(apiKey.reveal())].reduce((shown, key) => shown.replaceAll(key, '***'), text)
  try {
    // A redirect would take the key to another host.
    const response = await fetch(`${url.replace(/\/+$/, '')}/core/api/jeeApi.php?${query}`, { signal: AbortSignal.any([signal, limit]), redirect: 'manual' })
    const answer = (await beginningOf(response)).trim()
    if (response.status !== 200) throw new AppError('report.failed', `Jeedom at ${hostOf(url)} answered with status ${response.status}`, { hint: 'Check the address, and that its HTTP API is enabled.' })
    // Some versions confirm with a word.
    if (!/^(?:ok|1|true|)$/i.test(answer)) throw new AppError('report.failed', `Jeedom at ${hostOf(url)} refused the event: ${hide(answer).slice(0, 200)}`, { hint: 'Check the API key and the id of the command.' })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (signal.aborted) throw new AppError('interrupted', 'The event to Jeedom was interrupted')
    const why = limit.aborted ? `it did not answer within ${timeoutMs / 1000} seconds` : hide(messageOf(cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause))
    // Not the cause itself: its text might hold the address with the key.
    throw new AppError('report.failed', `Jeedom at ${hostOf(url)} could not be told: ${why}`, { hint: 'Check the address and the network.', retry: true })
  }
}

/** Only so much is read, however much is sent. */
async function beginningOf(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const bytes of response.body ?? []) {
    parts.push(bytes)
    sizeBytes += bytes.length
    if (sizeBytes >= answerBytes) break
  }
  return Buffer.concat(parts).toString('utf8').slice(0, answerBytes)
}

/** The address without what may be secret in it. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'its address'
}
