import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { request as requestTls } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ticketSchema, ticketStateSchema } from '../../../src/model/api/runs.ts'
import type { TicketState } from '../../../src/model/api/runs.ts'
import { problemSchema } from '../../../src/model/api/problem.ts'
import type { Machine } from '../../e2e/machine.ts'
import { launcher, newMachine } from '../../e2e/machine.ts'

export const passwords = { admin: 'canary-account-password-9f3', operator: 'operator password 1', viewer: 'viewer password 1' } as const
type Person = keyof typeof passwords

export type Who = Person | 'nobody' | { readonly token: string }
export type Asking = { readonly as?: Who; readonly headers?: Record<string, string>; readonly raw?: Uint8Array | string; readonly onResponse?: (response: IncomingMessage) => void }
export type Reply = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly bytes: Buffer; readonly text: string; readonly json: unknown }
export type SseEvent = { readonly id: string; readonly name: string; readonly data: unknown }

const startedSchema = z.object({ url: z.string(), setupToken: z.string().optional() })

/** A server of its own machine: a real process on a free port, that real requests come to. It is ended on every path. */
export class RunningServer implements AsyncDisposable {
  readonly machine: Machine
  readonly #env: Record<string, string>
  readonly #args: readonly string[]
  readonly #cookies = new Map<Who, string>()
  #child: ChildProcess | undefined
  #url = new URL('http://127.0.0.1')
  setupToken: string | undefined
  /** All that it wrote for whoever reads its output, over all its starts. */
  log = ''

  private constructor(machine: Machine, args: readonly string[], env: Record<string, string>) {
    this.machine = machine
    this.#args = args
    this.#env = env
  }

  /** `machine` is taken over. With `accounts` there is one of each role, and each is signed in. */
  static async start(machine: Machine, { accounts = true, args = [], env = {} }: { readonly accounts?: boolean; readonly args?: readonly string[]; readonly env?: Record<string, string> } = {}): Promise<RunningServer> {
    const server = new RunningServer(machine, args, env)
    try {
      await server.begin()
      if (accounts) await server.#makeAccounts()
      return server
    } catch (error) {
      await server[Symbol.asyncDispose]()
      throw error
    }
  }

  get url(): string {
    return this.#url.href
  }

  get pid(): number {
    const pid = this.#child?.pid
    if (pid === undefined) throw new Error('the server does not run')
    return pid
  }

  /** Starts it, or starts it again; ready when it says where it is. */
  async begin(): Promise<void> {
    const child = spawn(launcher, ['--config', this.machine.configFile, 'serve', '--listen', '127.0.0.1:0', '--json', ...this.#args], { env: { ...this.machine.env, ...this.#env }, cwd: this.machine.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    let stdout = ''
    const { promise, resolve, reject } = Promise.withResolvers<z.infer<typeof startedSchema>>()
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      try {
        resolve(startedSchema.parse(JSON.parse(stdout)))
      } catch {
        // Not all of it yet.
      }
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => { this.log += text })
    child.once('close', (status, signal) => reject(new Error(`the server ended (${status ?? signal}): ${stdout}${this.log}`)))
    const { url, setupToken } = await promise
    this.#url = new URL(url)
    this.setupToken = setupToken
  }

  /** Ends it and waits for that; gives its exit status. */
  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<number | string> {
    const child = this.#child
    if (child === undefined) return 0
    this.#child = undefined
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode ?? 0
    const ended = once(child, 'exit')
    child.kill(signal)
    const timer = setTimeout(() => child.kill('SIGKILL'), 40_000)
    await ended
    clearTimeout(timer)
    return child.exitCode ?? child.signalCode ?? 0
  }

  get hasEnded(): boolean {
    return this.#child === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  async ask(method: string, path: string, body?: unknown, asking: Asking = {}): Promise<Reply> {
    const response = await this.open(method, path, body, asking)
    const parts: Buffer[] = []
    for await (const part of response) parts.push(part)
    const bytes = Buffer.concat(parts)
    const text = bytes.toString('utf8')
    const isJson = (response.headers['content-type'] ?? '').startsWith('application/json')
    return { status: response.statusCode ?? 0, headers: response.headers, bytes, text, json: isJson ? JSON.parse(text) : undefined }
  }

  /** The answer as it comes. The path is sent as it stands here. */
  async open(method: string, path: string, body?: unknown, { as = 'admin', headers = {}, raw }: Asking = {}): Promise<IncomingMessage> {
    const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const options = {
      host: this.#url.hostname, port: this.#url.port, method, path, agent: false,
      headers: {
        'x-holdfast': '1', ...this.#proof(as), ...(payload === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }), ...headers,
      },
    }
    const sent = this.#url.protocol === 'https:' ? requestTls({ ...options, rejectUnauthorized: false }) : request(options)
    return await new Promise((resolve, reject) => {
      sent.once('response', resolve).once('error', reject)
      sent.end(payload)
    })
  }

  /** The answer as the schema has it, with this status. */
  async get<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown, asking: Asking = {}, status = 200): Promise<T> {
    const reply = await this.ask(method, path, body, asking)
    assert.equal(reply.status, status, `${method} ${path}: ${reply.text.slice(0, 500)}\n${this.log.slice(-2000)}`)
    return schema.parse(reply.json)
  }

  /** Status and code of an answer that refuses. */
  async refused(method: string, path: string, body?: unknown, asking: Asking = {}): Promise<string> {
    const reply = await this.ask(method, path, body, asking)
    return `${reply.status} ${reply.status < 400 || reply.json === undefined ? reply.text.slice(0, 200) : problemSchema.parse(reply.json).code}`
  }

  /** Asks for work, and waits until it has ended. */
  async work(method: string, path: string, body?: unknown, asking: Asking = {}): Promise<TicketState> {
    const { ticket } = await this.get(ticketSchema, method, path, body, asking, 202)
    return await this.ended(ticket)
  }

  async ended(ticket: string, withinMs = 60_000): Promise<TicketState> {
    for (const startMs = performance.now(); ;) {
      const state = await this.get(ticketStateSchema, 'GET', `/api/tickets/${ticket}`)
      if (state.state === 'ended') return state
      if (performance.now() - startMs > withinMs) throw new Error(`after ${withinMs} ms the ticket is still ${JSON.stringify(state)}`)
      await sleep(50)
    }
  }

  /** The events of a stream, until the caller has enough of them. */
  async *events(path: string, { lastId, ...asking }: Asking & { readonly lastId?: string } = {}): AsyncGenerator<SseEvent, void, undefined> {
    const response = await this.open('GET', path, undefined, { ...asking, headers: { ...asking.headers, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) } })
    try {
      assert.equal(response.statusCode, 200)
      assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/)
      asking.onResponse?.(response)
      let text = ''
      for await (const part of response.setEncoding('utf8')) {
        text += String(part)
        for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
          const fields = new Map(text.slice(0, end).split('\n').map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
          text = text.slice(end + 2)
          const [id, name, data] = [fields.get('id'), fields.get('event'), fields.get('data')]
          if (id !== undefined && name !== undefined && data !== undefined) yield { id, name, data: JSON.parse(data) }
        }
      }
    } finally {
      response.destroy()
    }
  }

  /** Waits until something holds; fails the test when it does not in time. */
  async until(what: string, holds: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> {
    for (const startMs = performance.now(); !(await holds());) {
      if (performance.now() - startMs > withinMs) throw new Error(`${what}: not within ${withinMs} ms\n${this.log.slice(-2000)}`)
      await sleep(50)
    }
  }

  async signIn(name: string, password: string): Promise<string> {
    const reply = await this.ask('POST', '/api/session', { name, password }, { as: 'nobody' })
    assert.equal(reply.status, 200, reply.text)
    return cookieOf(reply)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
    await this.machine[Symbol.asyncDispose]()
  }

  #proof(who: Who): Record<string, string> {
    if (typeof who !== 'string') return { authorization: `Bearer ${who.token}` }
    const cookie = this.#cookies.get(who)
    return who === 'nobody' || cookie === undefined ? {} : { cookie }
  }

  async #makeAccounts(): Promise<void> {
    const made = await this.ask('POST', '/api/setup', { token: this.setupToken, name: 'admin', password: passwords.admin }, { as: 'nobody' })
    assert.equal(made.status, 200, made.text)
    this.#cookies.set('admin', cookieOf(made))
    for (const name of ['operator', 'viewer'] as const) {
      await this.get(z.undefined(), 'POST', '/api/users', { name, password: passwords[name], role: name }, {}, 204)
      this.#cookies.set(name, await this.signIn(name, passwords[name]))
    }
  }
}

export function cookieOf(reply: Reply): string {
  const [cookie = ''] = reply.headers['set-cookie'] ?? []
  return cookie.split(';')[0] ?? ''
}

/** A machine whose application `demo` has these files, and a server for it. */
export async function demoMachine(config: (machine: Machine) => Record<string, unknown> = () => ({})): Promise<Machine> {
  const machine = await newMachine()
  await machine.configure({ apps: { demo: { root: machine.app } }, place: machine.place, ...config(machine) })
  return machine
}
