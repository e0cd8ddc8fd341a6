import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Catalog } from '../../../src/catalog/catalog.ts'
import type { ExpectedRun } from '../../../src/model/expected-run.ts'
import type { Snapshot } from '../../../src/model/restore-point.ts'
import type { Outcome } from '../../../src/model/run-event.ts'
import type { RunReport } from '../../../src/model/run-report.ts'
import type { ScheduledApp, StartReason } from '../../../src/server/scheduler/scheduler.ts'
import { Scheduler } from '../../../src/server/scheduler/scheduler.ts'

type Wake = { readonly at: number; readonly act: () => void | Promise<void> }
/** What a backup does: takes so long, ends so, and leaves a point or none. */
export type Behaviour = { readonly takesMs?: number; readonly outcome?: Outcome; readonly leavesPoint?: boolean }

/** A machine with a clock of its own, a catalog, and backups that are made in no time but the clock's. */
export class World implements AsyncDisposable {
  readonly catalog: Catalog
  readonly starts: string[] = []
  readonly settled: string[] = []
  readonly problems: string[] = []
  readonly behaviour = new Map<string, Behaviour>()
  /** Applications for which another run is at work. */
  readonly busy = new Set<string>()
  /** Applications of which nobody says that a run is at work, as long as the journal does not. */
  readonly silent = new Set<string>()
  /** Applications whose backups cannot be begun at all. */
  readonly broken = new Set<string>()
  #wall: number
  /** Time that passes while the machine is awake, whatever the clock on the wall says. */
  #awake = 0
  #timer: Wake | undefined
  #events: Wake[] = []
  #scheduler: Scheduler | undefined
  #apps: readonly ScheduledApp[] = []
  readonly #points = new Map<string, Snapshot[]>()
  #made = 0

  private constructor(catalog: Catalog, start: string) {
    this.catalog = catalog
    this.#wall = Date.parse(start)
  }

  static async at(start: string, t: TestContext): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-scheduler-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const catalog = await Catalog.open(join(folder, 'c.sqlite'), {
      now: () => new Date(start),
      onDamage: (error) => {
        throw error
      },
    })
    return new World(catalog, start)
  }

  now(): Date {
    return new Date(this.#wall)
  }

  get scheduler(): Scheduler {
    if (this.#scheduler === undefined) throw new Error('the server is off')
    return this.#scheduler
  }

  get isArmed(): boolean {
    return this.#timer !== undefined
  }

  async turnOn(apps = this.#apps): Promise<void> {
    this.#scheduler = new Scheduler({
      catalog: this.catalog,
      start: async (app, why) => await this.#start(app, why),
      now: () => this.now(),
      timer: (delayMs, act) => {
        const wake = { at: this.#awake + delayMs, act }
        this.#timer = wake
        return {
          [Symbol.dispose]: () => {
            if (this.#timer === wake) this.#timer = undefined
          },
        }
      },
      onSettled: ({ app, dueAt, state }) => this.settled.push(`${app} ${dueAt.slice(5, 16)} ${state}`),
      onProblem: (error) => this.problems.push(String(error)),
    })
    await this.setApps(apps)
  }

  async setApps(apps: readonly ScheduledApp[]): Promise<void> {
    this.#apps = apps
    await this.scheduler.setApps(apps)
  }

  /** The server ends; `crash`: backups that it has begun end with it. */
  async turnOff(how: 'clean' | 'crash' = 'clean'): Promise<void> {
    await this.#scheduler?.[Symbol.asyncDispose]()
    this.#scheduler = undefined
    if (how === 'crash') this.#events = []
  }

  /** Time passes. */
  async pass(hours: number): Promise<void> {
    const until = this.#awake + hours * 3_600_000
    for (;;) {
      const [event] = this.#events.toSorted((a, b) => a.at - b.at)
      const wake = event !== undefined && event.at <= (this.#timer?.at ?? until) ? event : this.#timer
      if (wake === undefined || wake.at > until) break
      this.#wall += Math.max(0, wake.at - this.#awake)
      this.#awake = Math.max(wake.at, this.#awake)
      if (wake === this.#timer) this.#timer = undefined
      this.#events = this.#events.filter((each) => each !== wake)
      await wake.act()
      // Until what was woken is done: this waits for it.
      await this.#scheduler?.looked('nobody')
    }
    this.#wall += until - this.#awake
    this.#awake = until
  }

  /** The clock is set, or the machine slept: the wall moves, and no timer does. */
  jump(hours: number): void {
    this.#wall += hours * 3_600_000
  }

  /** Somebody makes a backup by hand, now. */
  async backUpByHand(app: string): Promise<void> {
    await this.#finish(app, this.now(), {})
  }

  /** The places are listed again, as the server does now and then. */
  async listAgain(): Promise<void> {
    for (const [app, points] of this.#points) await this.catalog.points.replace('nas', new Map([[app, points]]), this.now())
  }

  /** How what was expected of an application stands: `11-20T03:00 met`. */
  async stands(app: string): Promise<string[]> {
    return (await this.catalog.expected.list(app, new Date(0))).map(({ dueAt, state }: ExpectedRun) => `${dueAt.slice(5, 16)} ${state}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.turnOff()
    await this.catalog[Symbol.asyncDispose]()
  }

  // oxlint-disable-next-line require-await
  async #start(app: string, why: StartReason): Promise<'started' | 'busy'> {
    if (this.broken.has(app)) throw new Error(`${app} cannot be begun`)
    if (this.busy.has(app)) return 'busy'
    this.starts.push(`${app} ${this.now().toISOString().slice(5, 16)}${why === 'schedule' ? '' : ' catch-up'}`)
    const startedAt = new Date(this.#wall + 1000)
    const behaviour = this.behaviour.get(app) ?? {}
    if (!this.silent.has(app)) this.busy.add(app)
    this.#events.push({
      at: this.#awake + (behaviour.takesMs ?? 60_000),
      act: async () => {
        this.busy.delete(app)
        await this.#finish(app, startedAt, behaviour)
      },
    })
    return 'started'
  }

  async #finish(app: string, startedAt: Date, { outcome = 'ok', leavesPoint = outcome === 'ok' }: Behaviour): Promise<void> {
    const at = startedAt.toISOString()
    const report: RunReport = {
      run: `run-${++this.#made}`, kind: 'backup', app, user: 'root', startedAt: at, finishedAt: this.now().toISOString(), files: 1, bytes: 1, warnings: [], warningCount: 0, notes: [], noteCount: 0,
      databases: [], saved: [], verified: [], removed: [], outcome,
    }
    const points = this.#points.get(app) ?? []
    this.#points.set(app, points)
    if (leavesPoint) {
      points.push({
        id: this.#made.toString(16).padStart(16, '0'), app, host: 'nas', root: `/srv/${app}`, scope: 'full', slot: 'dated', startedAt: at, finishedAt: at, complete: true, format: 'tar.gz', key: `${app}_${at}.tar.gz`,
        encrypted: false, sizeBytes: 1, contentBytes: 1, entries: 1, databases: 0, warnings: 0,
      })
    }
    await this.catalog.runs.put([report])
    await this.catalog.points.replace('nas', new Map([[app, points]]), this.now())
    await this.#scheduler?.looked(app)
  }
}

export function daily(name: string, rest: Partial<ScheduledApp> & { readonly catchUp?: boolean } = {}): ScheduledApp {
  const { catchUp, ...others } = rest
  return { name, schedule: { cron: 'daily', timezone: 'UTC', ...(catchUp === undefined ? {} : { catchUp }) }, scope: 'full', vaults: ['nas'], ...others }
}
