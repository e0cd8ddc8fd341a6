import type { ClientRequest, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { AppError, messageOf, systemCode } from '../../kit/app-error.ts'

/** An answer that takes longer than this is no answer; what takes its time by nature says so. */
const usualLimitMs = 30_000
const largestAnswerBytes = 64 * 1024 * 1024
/** What we were written for; an engine that knows less or has dropped it is asked in what it knows. */
const wantedVersion = '1.41'

export type EngineCall = {
  readonly signal: AbortSignal
  readonly body?: unknown
  /** From the call to the whole answer; for streams to its head. */
  readonly limitMs?: number
  /** Statuses that are no failure; without it 2xx. */
  readonly accept?: readonly number[]
}

export type EngineAnswer = { readonly status: number; readonly text: string }

const versionSchema = z.object({ ApiVersion: z.string().regex(/^\d+\.\d+$/), MinAPIVersion: z.string().regex(/^\d+\.\d+$/).optional(), Version: z.string().optional() })
const refusalSchema = z.object({ message: z.string() })

/**
 * A container engine behind its socket, spoken to in Docker's API (Podman has the same).
 * Source: https://docs.docker.com/reference/api/engine/.
 */
export class Engine {
  readonly socket: string
  readonly #prefix: string

  private constructor(socket: string, version: string) {
    this.socket = socket
    this.#prefix = `/v${version}`
  }

  /** @throws AppError `containers.unreachable`, `containers.denied`. */
  static async open(socket: string, signal: AbortSignal): Promise<Engine> {
    const bare = new Engine(socket, '')
    const { text } = await bare.#whole('GET', '/version', { signal })
    const { ApiVersion: newest, MinAPIVersion: oldest } = bare.#parse(versionSchema, text)
    return new Engine(socket, atLeast(newest, wantedVersion) ? (oldest !== undefined && !atLeast(wantedVersion, oldest) ? oldest : wantedVersion) : newest)
  }

  /** @throws AppError `containers.unreachable`, `containers.denied`, `containers.refused`, `interrupted`; so do all calls. */
  async call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, call: EngineCall): Promise<EngineAnswer> {
    return await this.#whole(method, `${this.#prefix}${path}`, call)
  }

  async json<T>(method: 'GET' | 'POST', path: string, schema: z.ZodType<T>, call: EngineCall): Promise<T> {
    return this.#parse(schema, (await this.call(method, path, call)).text)
  }

  /** The bytes of an answer as they come; they end normally only where the answer was whole. */
  async* download(path: string, call: EngineCall): AsyncGenerator<Uint8Array, void, undefined> {
    const { response } = await this.#send('GET', `${this.#prefix}${path}`, call)
    try {
      if (!isAccepted(response.statusCode ?? 0, call)) throw this.#refusal(path, response.statusCode ?? 0, await this.#text(response))
      for await (const bytes of response) yield bytes as Buffer
      if (!response.complete) throw new AppError('containers.unreachable', `The container engine at ${this.socket} broke off its answer`)
    } catch (error) {
      throw this.#inWords(error, call.signal)
    } finally {
      response.destroy()
    }
  }

  /** Sends a stream as the request's body. */
  async upload(path: string, content: AsyncIterable<Uint8Array>, call: EngineCall): Promise<void> {
    const answer = await this.#whole('PUT', `${this.#prefix}${path}`, call, content)
    if (!isAccepted(answer.status, call)) throw this.#refusal(path, answer.status, answer.text)
  }

  /** Turns the connection into a stream of its own, as exec wants it. The caller destroys the socket. */
  async upgrade(path: string, call: EngineCall): Promise<{ readonly socket: Socket; readonly first: Uint8Array }> {
    const { response, upgraded } = await this.#send('POST', `${this.#prefix}${path}`, call, undefined, { Connection: 'Upgrade', Upgrade: 'tcp' })
    if (upgraded !== undefined) return upgraded
    throw this.#refusal(path, response.statusCode ?? 0, await this.#text(response))
  }

  async #whole(method: string, path: string, call: EngineCall, content?: AsyncIterable<Uint8Array>): Promise<EngineAnswer> {
    const limit = AbortSignal.timeout(call.limitMs ?? usualLimitMs)
    const { response } = await this.#send(method, path, call, content, {}, limit)
    const status = response.statusCode ?? 0
    const text = await this.#text(response, limit, call.signal)
    if (!isAccepted(status, call)) throw this.#refusal(path, status, text)
    return { status, text }
  }

  async #text(response: IncomingMessage, limit = AbortSignal.timeout(usualLimitMs), signal?: AbortSignal): Promise<string> {
    const parts: Buffer[] = []
    let sizeBytes = 0
    const stop = (): void => void response.destroy(new Error('aborted'))
    for (const each of [limit, signal]) each?.addEventListener('abort', stop, { once: true })
    try {
      for await (const bytes of response) {
        parts.push(bytes as Buffer)
        sizeBytes += (bytes as Buffer).length
        if (sizeBytes > largestAnswerBytes) throw new AppError('containers.unreachable', `The container engine at ${this.socket} answers without end`)
      }
    } catch (error) {
      throw limit.aborted && signal?.aborted !== true ? this.#silent() : this.#inWords(error, signal)
    } finally {
      for (const each of [limit, signal]) each?.removeEventListener('abort', stop)
      response.destroy()
    }
    return Buffer.concat(parts).toString('utf8')
  }

  /** The head of the answer. */
  async #send(method: string, path: string, call: EngineCall, content?: AsyncIterable<Uint8Array>, headers: Record<string, string> = {}, limit = AbortSignal.timeout(call.limitMs ?? usualLimitMs)): Promise<{ response: IncomingMessage; upgraded?: { socket: Socket; first: Uint8Array } }> {
    if (call.signal.aborted) throw interrupted(call.signal)
    const body = content !== undefined || call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body))
    // To import it takes every command 50 ms at its start, as all that it offers is made then.
    const sent = process.getBuiltinModule('node:http').request({
      socketPath: this.socket, method, path, agent: false,
      headers: { Host: 'localhost', ...(body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': body.length }), ...(content === undefined ? {} : { 'Content-Type': 'application/x-tar' }), ...headers },
    })
    const stop = (): void => void sent.destroy(new Error('aborted'))
    for (const each of [limit, call.signal]) each.addEventListener('abort', stop, { once: true })
    try {
      const answered = new Promise<{ response: IncomingMessage; upgraded?: { socket: Socket; first: Uint8Array } }>((resolve, reject) => {
        sent.once('response', (response) => resolve({ response }))
        sent.once('upgrade', (response, socket, first) => resolve({ response, upgraded: { socket: socket as Socket, first } }))
        sent.on('error', reject)
      })
      answered.catch(() => undefined)
      if (content === undefined) sent.end(body)
      else await feed(sent, content)
      return await answered
    } catch (error) {
      sent.destroy()
      if (error instanceof AppError) throw error
      throw limit.aborted && !call.signal.aborted ? this.#silent() : this.#inWords(error, call.signal)
    } finally {
      for (const each of [limit, call.signal]) each.removeEventListener('abort', stop)
    }
  }

  #parse<T>(schema: z.ZodType<T>, text: string): T {
    try {
      return schema.parse(JSON.parse(text))
    } catch (cause) {
      throw new AppError('containers.unreachable', `What answers at ${this.socket} is no container engine that is understood here`, { hint: 'Name the engine\'s socket: containers: {engine: /var/run/docker.sock}.', cause })
    }
  }

  #silent(): AppError {
    return new AppError('containers.unreachable', `The container engine at ${this.socket} does not answer`, { hint: 'See whether it hangs ("docker ps", "podman ps"), and restart it.', retry: true })
  }

  #refusal(path: string, status: number, text: string): AppError {
    let words = text.trim().slice(0, 500)
    try {
      words = refusalSchema.parse(JSON.parse(text)).message
    } catch {
      // Then its words stand as they are.
    }
    return new AppError('containers.refused', `The container engine refused (${status}): ${words === '' ? path : words}`, { hint: 'See "docker ps -a" or "podman ps -a", and the engine\'s log.' })
  }

  #inWords(error: unknown, signal: AbortSignal | undefined): AppError {
    if (signal?.aborted === true) return interrupted(signal)
    if (error instanceof AppError) return error
    const code = systemCode(error)
    if (code === 'EACCES' || code === 'EPERM') {
      return new AppError('containers.denied', `This user may not use the container engine at ${this.socket}`, { hint: 'Run Holdfast as root, or as a member of the group that owns the socket (docker): who may use it is as mighty as root.', cause: error })
    }
    return new AppError('containers.unreachable', `The container engine at ${this.socket} cannot be reached: ${messageOf(error)}`, { hint: 'Start it (systemctl start docker), or name another socket: containers: {engine: …}.', retry: true, cause: error })
  }
}

function interrupted(signal: AbortSignal): AppError {
  return new AppError('interrupted', 'Waiting for the container engine was interrupted', { cause: signal.reason })
}

function isAccepted(status: number, { accept }: EngineCall): boolean {
  return accept === undefined ? status >= 200 && status < 300 : accept.includes(status)
}

function atLeast(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
  return major > otherMajor || (major === otherMajor && minor >= otherMinor)
}

async function feed(sent: ClientRequest, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of content) {
    // A refusal may come before all was sent.
    if (sent.destroyed || sent.writableEnded) return
    if (!sent.write(bytes)) await new Promise<void>((resolve) => {
      const go = (): void => {
        for (const name of ['drain', 'close', 'response'] as const) sent.off(name, go)
        resolve()
      }
      for (const name of ['drain', 'close', 'response'] as const) sent.once(name, go)
    })
  }
  sent.end()
}
