import { randomBytes } from 'node:crypto'
import type { ChildProcess } from 'node:child_process'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import type { TicketState } from '../../model/api/runs.ts'
import type { Outcome } from '../../model/run-event.ts'
import type { ChildEnd } from './start-child.ts'
import { startChild } from './start-child.ts'

/** One piece of work: a command of this program. */
export type Job = {
  readonly app: string
  readonly what: TicketState['what']
  /** The command and its arguments, without the global options. */
  readonly args: readonly string[]
  /** The command line that does the same, for people. */
  readonly command: string
  readonly askedBy: string
  /** Of a restore into another folder. */
  readonly elsewhere?: TicketState['elsewhere']
  /** Looks only: it waits for no turn. */
  readonly looksOnly?: boolean
  /** The command's JSON as the ticket gives it. */
  readonly result?: (json: unknown) => unknown
}

type Options = {
  /** Given to every command: configuration and state. */
  readonly globalArgs: () => readonly string[]
  readonly parallel: () => number
  readonly now: () => Date
  /** Told at each change of a ticket. */
  readonly onChange: (ticket: TicketState) => void
}

type Item = { state: TicketState; readonly job: Job; child: ChildProcess | undefined; cancelled: boolean; readonly settled: PromiseWithResolvers<TicketState> }

const mostLookers = 2
/** Of one application. */
const mostWaiting = 50
const ticketsKept = 500
/** So long a run has for its end when the server stops: it thaws, and removes what is half made. */
const graceMs = 25_000

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }) })

/**
 * Work that was asked for: some at once, never two for one application, the rest in its turn. Each is a process of its own, so
 * that neither its memory nor its end touches the server.
 */
export class WorkQueue implements AsyncDisposable {
  readonly #options: Options
  readonly #items = new Map<string, Item>()
  readonly #waiting: Item[] = []
  readonly #working = new Set<Item>()
  #isOpen = true

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * What waits already and would do the same is not asked for twice: its ticket is the answer.
   *
   * @throws AppError `queue.full` where very much of this application waits.
   */
  ask(job: Job): TicketState {
    const waiting = this.#waiting.filter((item) => item.job.app === job.app)
    const same = waiting.find((item) => item.job.what === job.what && isDeepStrictEqual(item.job.args, job.args))
    if (same !== undefined) return same.state
    if (waiting.length >= mostWaiting) throw new AppError('queue.full', `${waiting.length} pieces of work wait for ${job.app}`, { hint: 'Wait until some of it has ended, or cancel what is not needed.', retry: true })
    const state: TicketState = { ticket: randomBytes(8).toString('hex'), app: job.app, what: job.what, state: 'queued', askedAt: this.#options.now().toISOString(), askedBy: job.askedBy, command: job.command, ...(job.elsewhere === undefined ? {} : { elsewhere: job.elsewhere }) }
    const item: Item = { state, job, child: undefined, cancelled: false, settled: Promise.withResolvers<TicketState>() }
    this.#items.set(state.ticket, item)
    this.#forgetOld()
    this.#waiting.push(item)
    this.#options.onChange(state)
    this.#startNext()
    return item.state
  }

  get(ticket: string): TicketState | undefined {
    return this.#items.get(ticket)?.state
  }

  /** The ticket's last state, once it has ended. */
  async ended(ticket: string): Promise<TicketState | undefined> {
    return await this.#items.get(ticket)?.settled.promise
  }

  /** Whether work for this application waits or is under way. */
  of(app: string): { readonly queued: boolean; readonly working: boolean } {
    const isOf = ({ job }: Item): boolean => job.app === app && job.looksOnly !== true
    return { queued: this.#waiting.some(isOf), working: [...this.#working].some(isOf) }
  }

  /** The run that this process has begun, and whose it is. */
  noteRun(pid: number, run: string, app: string): void {
    for (const item of this.#working) if (item.child?.pid === pid) this.#change(item, { run, ...(app === item.job.app ? {} : { runApp: app }) })
  }

  /** Ends the work of this ticket or run of this application, as Ctrl-C would. False where there is none under way. */
  cancel(app: string, ticketOrRun: string): boolean {
    const waiting = this.#waiting.findIndex(({ state }) => state.app === app && state.ticket === ticketOrRun)
    if (waiting !== -1) {
      const [item] = this.#waiting.splice(waiting, 1)
      if (item !== undefined) this.#end(item, { outcome: 'interrupted' })
      return true
    }
    const item = [...this.#working].find(({ state }) => state.app === app && (state.ticket === ticketOrRun || state.run === ticketOrRun))
    if (item === undefined) return false
    item.cancelled = true
    item.child?.kill('SIGINT')
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false
    for (const item of this.#waiting.splice(0)) this.#end(item, { outcome: 'interrupted' })
    const ending = [...this.#working]
    for (const { child } of ending) child?.kill('SIGINT')
    const timer = setTimeout(() => {
      for (const { child } of ending) if (child?.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
    }, graceMs)
    await Promise.all(ending.map(({ settled }) => settled.promise))
    clearTimeout(timer)
  }

  #startNext(): void {
    // A copy: what begins leaves the list.
    for (const item of this.#waiting.slice()) {
      if (!this.#isOpen || !this.#hasRoom(item)) continue
      this.#waiting.splice(this.#waiting.indexOf(item), 1)
      void this.#work(item)
    }
  }

  #hasRoom({ job }: Item): boolean {
    const working = [...this.#working]
    if (job.looksOnly === true) return working.filter((other) => other.job.looksOnly === true).length < mostLookers
    const others = working.filter((other) => other.job.looksOnly !== true)
    return others.length < this.#options.parallel() && !others.some((other) => other.job.app === job.app)
  }

  async #work(item: Item): Promise<void> {
    this.#working.add(item)
    const { child, end } = startChild([...this.#options.globalArgs(), '--json', '--no-ask', ...item.job.args])
    item.child = child
    this.#change(item, { state: 'running' })
    const ended = await end
    this.#working.delete(item)
    this.#end(item, told(item, ended))
    this.#startNext()
  }

  #end(item: Item, how: Partial<TicketState>): void {
    this.#change(item, { ...how, state: 'ended' })
    item.settled.resolve(item.state)
  }

  #change(item: Item, change: Partial<TicketState>): void {
    item.state = { ...item.state, ...change }
    this.#options.onChange(item.state)
  }

  #forgetOld(): void {
    for (const [ticket, { state }] of this.#items) {
      if (this.#items.size <= ticketsKept) return
      if (state.state === 'ended') this.#items.delete(ticket)
    }
  }
}

/** What the command's end means. */
function told(item: Item, { status, signal, stdout, stderr }: ChildEnd): Partial<TicketState> {
  const json = parse(stdout)
  const failure = errorSchema.safeParse(json)
  if (failure.success) {
    const { code, message, hint } = failure.data.error
    return { outcome: code === 'interrupted' ? 'interrupted' : 'failed', error: { code, message, ...(hint === undefined ? {} : { hint }) } }
  }
  if (json === undefined && item.cancelled) return { outcome: 'interrupted', error: { code: 'interrupted', message: 'The run was interrupted' } }
  if (json === undefined) {
    const said = stderr.trim().split('\n').find((line) => line.startsWith('error:')) ?? stderr.trim().split('\n').at(-1) ?? ''
    return { outcome: signal !== undefined ? 'interrupted' : 'failed', error: { code: 'process.failed', message: signal === undefined ? `The process ended without an answer${said === '' ? '' : `: ${said}`}` : `The process was ended by ${signal}` } }
  }
  const outcome: Outcome = status === 0 ? 'ok' : status === 3 ? 'partial' : status === 130 ? 'interrupted' : 'failed'
  if (item.job.result === undefined) return { outcome, result: json }
  try {
    return { outcome, result: item.job.result(json) }
  } catch {
    // The whole server must not end for it.
    return { outcome: 'failed', error: { code: 'process.failed', message: 'The process gave an answer that is not understood' } }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
