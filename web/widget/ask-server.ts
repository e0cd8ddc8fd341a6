import type { Answer } from './read-answer.ts'
import { readAnswer } from './read-answer.ts'
import type { Problem } from './tile-words.ts'

const timeoutMs = 10_000
/** A hundred times what an answer has. */
const mostSigns = 200_000

export type Asked = { readonly app: string; readonly server: string; readonly token: string }

/**
 * Asks a server for an application's widget, at most 10 seconds long. The token goes in the address: a header would make browsers
 * ask for leave first. `raw` is what was answered, for the debug view.
 */
export async function askServer({ app, server, token }: Asked, signal: AbortSignal): Promise<{ readonly answer: Answer | Problem; readonly raw: string }> {
  // Not AbortSignal.any and timeout: wall tablets keep their browsers for years.
  const limit = new AbortController()
  const end = (): void => limit.abort()
  signal.addEventListener('abort', end)
  const timer = setTimeout(end, timeoutMs)
  try {
    const address = new URL(`api/apps/${encodeURIComponent(app)}/widget`, server.endsWith('/') ? server : `${server}/`)
    if (token !== '') address.searchParams.set('token', token)
    const response = await fetch(address, { signal: limit.signal, credentials: token === '' ? 'same-origin' : 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' })
    const raw = (await response.text()).slice(0, mostSigns)
    return { answer: response.ok ? readAnswer(raw) : problemOf(response.status), raw: `${response.status} ${raw}` }
  } catch (error) {
    return { answer: await isThere(server, limit.signal) ? 'refused' : 'no-answer', raw: String(error) }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

/** A browser hides from a foreign page that it was refused; the script is for all, so who gives it has refused. */
async function isThere(server: string, signal: AbortSignal): Promise<boolean> {
  try {
    return !signal.aborted && (await fetch(`${server.replace(/\/$/, '')}/widget/tile.js`, { method: 'HEAD', signal, credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' })).ok
  } catch {
    return false
  }
}

function problemOf(status: number): Problem {
  return status === 401 || status === 403 ? 'refused' : status === 404 ? 'unknown-app' : 'server-error'
}
