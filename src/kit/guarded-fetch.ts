import { lookup as systemLookup } from 'node:dns/promises'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { isIP } from 'node:net'
import { addressReach } from './address-reach.ts'
import { AppError, messageOf, systemCode } from './app-error.ts'
import { programVersion } from './program-version.ts'

export type ResolvedAddress = { readonly address: string; readonly family: number }
/** All addresses of a host name. */
export type Lookup = (host: string) => Promise<readonly ResolvedAddress[]>

export type GuardedRequest = {
  readonly url: string
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whether an address of this machine or of a private network may be asked. */
  readonly privateNetwork: boolean
  /** For the whole, redirects included. */
  readonly timeoutMs: number
  readonly lookup?: Lookup
}

/** `text` is the beginning of the body only. */
export type GuardedResponse = { readonly status: number; readonly text: string }

const answerBytes = 4096
const redirectsFollowed = 3

/**
 * One HTTP request to an address that was chosen by a configuration. The name is looked up once, every address that it has is
 * checked, and the connection goes to a checked one: a name that means something else a moment later leads nowhere. Redirects
 * are checked alike; they never lead from a public to a private address, nor from HTTPS to HTTP; to another host
 * they take nothing of the request's headers but the type of its content. Of the answer at most 4 KiB are read.
 *
 * @throws AppError `network.refused` for what may not be asked, `network.failed`, `interrupted`. They name the host alone: the
 *   rest of an address may be secret.
 */
export async function guardedFetch(request: GuardedRequest, signal: AbortSignal): Promise<GuardedResponse> {
  const limit = AbortSignal.timeout(request.timeoutMs)
  const either = AbortSignal.any([signal, limit])
  let host = 'the address'
  try {
    let hop: Hop = { url: parseUrl(request.url), headers: request.headers ?? {}, privateNetwork: request.privateNetwork }
    for (let followed = 0; ; followed++) {
      host = hop.url.host
      const addresses = await checkedAddresses(hop, request.lookup ?? ((name) => systemLookup(name, { all: true })), either)
      const answer = await exchange(request, hop, addresses, either)
      if (answer.location === undefined) return answer
      if (followed === redirectsFollowed) throw new AppError('network.refused', `${host} redirects too often`, { hint: 'Write the address that it leads to.' })
      hop = nextHop(request, hop, answer.location, addresses)
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    if (signal.aborted) throw new AppError('interrupted', `The request to ${host} was interrupted`)
    // The cause's text and fields are not passed on: some hold the whole address.
    const why = limit.aborted ? `it did not answer within ${request.timeoutMs / 1000} seconds` : plainReason(cause)
    throw new AppError('network.failed', `${host} could not be reached: ${why}`, { hint: 'Check the address and the network.', retry: true })
  }
}

type Hop = { readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly privateNetwork: boolean }

function parseUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new AppError('network.refused', base === undefined ? 'The address is none of a web server' : `${base.host} redirects to something that is no web server`, { hint: 'It begins with https:// or http://.' })
  }
  return url
}

async function checkedAddresses({ url, privateNetwork }: Hop, lookup: Lookup, signal: AbortSignal): Promise<readonly ResolvedAddress[]> {
  const name = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const family = isIP(name)
  const addresses = family === 0 ? await abortable(lookup(name), signal) : [{ address: name, family }]
  if (addresses.length === 0) throw new AppError('network.failed', `${url.host} has no address`, { hint: 'Check the name.', retry: true })
  for (const { address } of addresses) {
    const reach = addressReach(address)
    if (reach === 'never') throw new AppError('network.refused', `${url.host} is at ${address}, which no request may have as its goal`, { hint: 'Check the address and the name server.' })
    if (reach === 'private' && !privateNetwork) {
      throw new AppError('network.refused', `${url.host} is at ${address}, in a private network`, { hint: 'If that is meant, set privateNetwork: true beside the address.' })
    }
  }
  return addresses
}

function nextHop({ method, headers = {} }: GuardedRequest, from: Hop, location: string, addresses: readonly ResolvedAddress[]): Hop {
  const url = parseUrl(location, from.url)
  if (from.url.protocol === 'https:' && url.protocol === 'http:') throw new AppError('network.refused', `${from.url.host} redirects from HTTPS to HTTP`, { hint: 'Write the address that it leads to.' })
  // Usual ports are left out of `host`: an upgrade to HTTPS stays on the same one.
  const kept = url.host === from.url.host ? from.headers : Object.fromEntries(Object.entries(headers).filter(([name]) => method !== 'GET' && name.toLowerCase() === 'content-type'))
  return { url, headers: kept, privateNetwork: from.privateNetwork && addresses.every(({ address }) => addressReach(address) === 'private') }
}

type Answer = GuardedResponse & { readonly location?: string }

async function exchange({ method, body }: GuardedRequest, { url, headers }: Hop, addresses: readonly ResolvedAddress[], signal: AbortSignal): Promise<Answer> {
  const secure = url.protocol === 'https:'
  // Neither a connection that is open already nor a proxy: both would pass by the addresses that were checked.
  // To import them takes every command 50 ms at its start, as all that node:http offers is made then.
  const client = secure ? process.getBuiltinModule('node:https') : process.getBuiltinModule('node:http')
  const agent = new client.Agent({ keepAlive: false })
  const options: RequestOptions = {
    method, agent, signal,
    headers: { 'user-agent': `holdfast/${programVersion}`, ...headers, ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }) },
    lookup: (_host, { all }, done) => {
      const [first] = addresses
      if (all === true) done(null, addresses.map((one) => ({ ...one })))
      else done(null, first?.address ?? '', first?.family)
    },
  }
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = client.request(url, options, resolve)
    sent.on('error', reject)
    sent.end(body)
  })
  const status = response.statusCode ?? 0
  const text = await beginningOf(response)
  const { location } = response.headers
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return { status, text }
  // The others turn a POST into a GET, which many servers answer with a page and status 200: told to nobody, and taken for done.
  if (method !== 'GET' && status < 307) throw new AppError('network.refused', `${url.host} redirects to another address`, { hint: 'Write the address that it leads to, such as https:// in the place of http://.' })
  return { status, text, location }
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const part of response) {
    if (!(part instanceof Uint8Array)) continue
    parts.push(part)
    sizeBytes += part.length
    if (sizeBytes >= answerBytes) break
  }
  // What was not read is not waited for.
  response.destroy()
  return Buffer.concat(parts).toString('utf8').slice(0, answerBytes)
}

async function abortable<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted()
  return await new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}

function plainReason(cause: unknown): string {
  // Several addresses were tried: each has its own error.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause
  const code = systemCode(first)
  if (code !== undefined) return code
  return typeof first === 'object' && first !== null && 'code' in first ? String(first.code) : messageOf(first).slice(0, 200)
}
