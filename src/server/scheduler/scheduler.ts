import { setImmediate } from 'node:timers/promises'
import type { Catalog } from '../../catalog/catalog.ts'
import type { ExpectedRun, ExpectedState } from '../../model/expected-run.ts'
import type { Scope } from '../../model/restore-point.ts'
import { nextStart } from '../../policy/expected-runs.ts'
import type { ExpectedVerdict } from '../../policy/judge-expected.ts'
import { judgeExpected } from '../../policy/judge-expected.ts'
import type { DuePlan } from '../../policy/plan-due.ts'
import { planDue } from '../../policy/plan-due.ts'
import type { Schedule, ScheduleText } from '../../policy/schedule.ts'
import { parseSchedule } from '../../policy/schedule.ts'
import { planApp } from './plan-app.ts'

/** An application as its configuration says; without a schedule what its first use of a day begins is judged all the same. */
export type ScheduledApp = { readonly name: string; readonly schedule?: ScheduleText; readonly scope: Scope; readonly vaults: readonly string[] }

export type StartReason = 'schedule' | 'catch-up'

export type SchedulerPorts = {
  readonly catalog: Pick<Catalog, 'points' | 'runs' | 'expected'>
  /** Begins or queues a backup. `busy`: another run of the application is at work or queued; it is asked again in a minute. */
  readonly start: (app: string, why: StartReason) => Promise<'started' | 'busy'>
  readonly now: () => Date
  /** Calls `act` once, after so long; disposing takes it back. */
  readonly timer: (delayMs: number, act: () => void) => Disposable
  /** Told of each expectation when it is judged. */
  readonly onSettled: (expected: ExpectedRun) => void
  readonly onProblem: (error: unknown) => void
}

type KnownApp = Omit<ScheduledApp, 'schedule'> & { readonly schedule?: Schedule }
type Attempt = { readonly why: StartReason; readonly since: number; failed: boolean }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** So often it looks at the clock whatever was planned: a machine may have slept, and clocks are set. */
const longestSleepMs = 2 * minuteMs
const retryMs = minuteMs
/** So long a run is waited for that keeps the application busy. */
const patienceMs = 6 * hourMs
/** Expectations are kept a little longer than the overview shows them. */
const keptMs = 40 * dayMs

/**
 * Begins backups when they are due, once each, and judges afterwards what came of them. What it expects stands in the catalog before its
 * time; so a new start of the server finds what a downtime swallowed, and never begins twice what was begun.
 *
 * Runs that are in the journals should stand in the catalog before the first `setApps`: one that is not known counts as not begun.
 */
export class Scheduler implements AsyncDisposable {
  readonly #ports: SchedulerPorts
  #apps: ReadonlyMap<string, KnownApp> = new Map()
  readonly #next = new Map<string, Date>()
  readonly #plannedAt = new Map<string, number>()
  /** What this process has begun: other claims are of one that died. */
  readonly #claimed = new Set<string>()
  /** What could not be begun yet, since when. */
  readonly #attempts = new Map<string, Attempt>()
  #prunedAt = Number.NEGATIVE_INFINITY
  #lookedAt = Number.NEGATIVE_INFINITY
  #timer: Disposable | undefined
  #looking: Promise<void> | undefined
  #again = false
  /** Of which the catalog knows more than when it was judged. */
  readonly #looked = new Set<string>()
  #isOpen = true

  constructor(ports: SchedulerPorts) {
    this.#ports = ports
  }

  /** Takes the applications of the configuration, all of them; then does what is due. A changed schedule counts from now on. */
  async setApps(apps: readonly ScheduledApp[]): Promise<void> {
    this.#apps = new Map(apps.map(({ schedule, ...rest }) => [rest.name, { ...rest, ...this.#parsed(schedule) }]))
    this.#next.clear()
    this.#plannedAt.clear()
    await this.#guarded(async () => await this.#ports.catalog.expected.keepPlans([...this.#apps.values()].filter(({ schedule }) => schedule !== undefined).map(({ name }) => name)))
    await this.look()
  }

  /** When the application's next backup begins by its schedule. */
  nextOf(app: string): Date | undefined {
    const now = this.#ports.now()
    const known = this.#next.get(app)
    const schedule = this.#apps.get(app)?.schedule
    if (schedule === undefined) return undefined
    if (known !== undefined && known > now) return known
    const next = nextStart(app, schedule, now)
    if (next !== undefined) this.#next.set(app, next)
    return next
  }

  /**
   * To be called each time that an application's runs and what lies in its vaults have been taken into the catalog: after a run, and
   * also now and then, as a vault that could not be read may hold what was not found before.
   */
  async looked(app: string): Promise<void> {
    this.#looked.add(app)
    await this.#work()
  }

  /** Writes down that the first use of a day has begun a backup. */
  async noteTouch(app: string): Promise<void> {
    const at = this.#ports.now().toISOString()
    await this.#ports.catalog.expected.write([{ app, origin: 'touch', dueAt: at, startAt: at, state: 'started' }])
  }

  /** Does what is due; never two at once. */
  async look(): Promise<void> {
    this.#again = true
    await this.#work()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false
    this.#timer?.[Symbol.dispose]()
    await this.#looking
  }

  async #work(): Promise<void> {
    this.#looking ??= this.#lookWhileAsked()
    await this.#looking
  }

  async #lookWhileAsked(): Promise<void> {
    while ((this.#again || this.#looked.size > 0) && this.#isOpen) {
      const [app] = this.#looked
      if (app === undefined) {
        this.#again = false
        await this.#guarded(async () => await this.#lookOnce())
      } else {
        this.#looked.delete(app)
        await this.#guarded(async () => await this.#judgeAll(app))
      }
    }
    // Before anybody else can ask: who asks now begins anew.
    this.#looking = undefined
    if (this.#isOpen) this.#arm()
  }

  async #lookOnce(): Promise<void> {
    const { catalog: { expected }, now } = this.#ports
    // What comes next was told by a clock that was ahead.
    if (now().getTime() < this.#lookedAt - minuteMs) this.#next.clear()
    this.#lookedAt = now().getTime()
    for (const { name, schedule } of this.#apps.values()) {
      if (schedule !== undefined && this.#isPlanDue(name)) {
        // Queries of SQLite keep the process busy: others are let in between.
        await setImmediate()
        await this.#guarded(async () => {
          await planApp(expected, name, schedule, now())
          this.#plannedAt.set(name, now().getTime())
        })
      }
    }
    const open = Map.groupBy(await expected.open(now()), ({ app }) => app)
    // Whose time came first goes first, where they have to queue.
    const byTime = [...open].sort(([nameA, a], [nameB, b]) => Date.parse(a.at(-1)?.startAt ?? '') - Date.parse(b.at(-1)?.startAt ?? '') || (nameA < nameB ? -1 : 1))
    for (const [name, rows] of byTime) {
      const app = this.#apps.get(name)
      await setImmediate()
      if (app !== undefined && this.#isOpen) await this.#guarded(async () => await this.#workOn(app, rows))
    }
    if (Math.abs(now().getTime() - this.#prunedAt) > dayMs) {
      await expected.prune(new Date(now().getTime() - keptMs))
      this.#prunedAt = now().getTime()
    }
  }

  /** Of the others nothing has changed: with hundreds that wait for their turn that counts. */
  async #judgeAll(name: string): Promise<void> {
    const app = this.#apps.get(name)
    if (app === undefined) return
    await this.#judgeAgain(app)
    const { catalog: { expected }, now } = this.#ports
    await this.#workOn(app, (await expected.open(now())).filter((row) => row.app === name))
  }

  /** Each hour of the 24 that are written; at once where the clock was set. */
  #isPlanDue(app: string): boolean {
    const sinceMs = this.#ports.now().getTime() - (this.#plannedAt.get(app) ?? Number.NEGATIVE_INFINITY)
    return sinceMs >= hourMs || sinceMs < -minuteMs
  }

  async #workOn(app: KnownApp, rows: readonly ExpectedRun[]): Promise<void> {
    const waiting: ExpectedRun[] = []
    for (const row of rows) {
      const verdict = await this.#judge(app, row)
      const isAnswered = verdict.state === 'met' || verdict.state === 'late'
      if (isAnswered || (row.state === 'started' && verdict.state !== 'started')) {
        await this.#settle(row, verdict.state, verdict.run)
      } else if (row.state === 'waiting') {
        waiting.push(row)
      } else if (row.origin === 'schedule' && verdict.run === undefined && !this.#claimed.has(keyOf(row))) {
        // The server that claimed it died before a run began.
        await this.#ports.catalog.expected.release(row)
        waiting.push({ ...row, state: 'waiting' })
      }
    }
    const { start, missed } = this.#planOf(app, waiting)
    for (const row of missed) await this.#settle(row, this.#attempts.has(keyOf(row)) ? 'skipped' : 'missed')
    if (start !== undefined) await this.#begin(start.expected, start.why)
  }

  /** What was tried in time and found the application busy is not late by that. */
  #planOf(app: KnownApp, waiting: readonly ExpectedRun[]): DuePlan {
    const newest = waiting.toSorted((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt)).at(-1)
    const attempt = newest === undefined ? undefined : this.#attempts.get(keyOf(newest))
    if (newest !== undefined && attempt !== undefined) return { start: { expected: newest, why: attempt.why }, missed: waiting.filter((row) => row !== newest) }
    return planDue(waiting, app.schedule?.catchUp !== false, this.#ports.now())
  }

  async #begin(row: ExpectedRun, why: StartReason): Promise<void> {
    const { catalog: { expected }, start, now, onProblem } = this.#ports
    const key = keyOf(row)
    // Before it is begun: a server that is killed in between begins it again, and not twice.
    if (!await expected.claim(row)) return
    this.#claimed.add(key)
    const attempt = this.#attempts.get(key) ?? { why, since: now().getTime(), failed: false }
    try {
      if (await start(row.app, why) === 'started') {
        this.#attempts.delete(key)
        return
      }
      attempt.failed = false
    } catch (error) {
      onProblem(error)
      attempt.failed = true
    }
    this.#claimed.delete(key)
    this.#attempts.set(key, attempt)
    await expected.release(row)
    if (now().getTime() - attempt.since >= patienceMs) await this.#settle(row, attempt.failed ? 'failed' : 'skipped')
  }

  /** The last expectation may have been settled as not met, and now a backup has made up for it. */
  async #judgeAgain(app: KnownApp): Promise<void> {
    const now = this.#ports.now()
    const past = (await this.#ports.catalog.expected.list(app.name, new Date(now.getTime() - keptMs))).filter(({ dueAt }) => Date.parse(dueAt) <= now.getTime())
    for (const rows of Map.groupBy(past, ({ origin }) => origin).values()) {
      const last = rows.at(-1)
      if (last === undefined || last.state === 'met' || last.state === 'late' || last.state === 'waiting' || last.state === 'started') continue
      const { state, run } = await this.#judge(app, last)
      if (state === 'met' || state === 'late' || (state === 'partial' && last.state !== 'partial')) await this.#settle(last, state, run)
    }
  }

  async #judge(app: KnownApp, row: ExpectedRun): Promise<ExpectedVerdict> {
    const { catalog, now } = this.#ports
    // A little earlier: clocks are corrected.
    const since = new Date(Date.parse(row.dueAt) - 2 * minuteMs)
    const lists = await catalog.points.madeSince(app.name, since)
    const next = (await catalog.expected.list(app.name, new Date(row.dueAt))).find(({ origin, dueAt }) => origin === row.origin && dueAt > row.dueAt)
    return judgeExpected(row, {
      scope: app.scope,
      vaults: app.vaults.map((name) => ({ name, snapshots: lists.get(name) ?? [] })),
      runs: await catalog.runs.since(app.name, since),
      ...(next === undefined ? {} : { nextDueAt: new Date(next.dueAt) }),
    }, now())
  }

  async #settle(row: ExpectedRun, state: ExpectedState, run?: string): Promise<void> {
    await this.#ports.catalog.expected.settle(row, state, run)
    this.#claimed.delete(keyOf(row))
    this.#attempts.delete(keyOf(row))
    this.#ports.onSettled({ ...row, state, ...(run === undefined ? {} : { run }) })
  }

  #arm(): void {
    const now = this.#ports.now().getTime()
    let wakeAt = now + (this.#attempts.size > 0 ? retryMs : longestSleepMs)
    for (const name of this.#apps.keys()) wakeAt = Math.min(wakeAt, this.nextOf(name)?.getTime() ?? wakeAt)
    this.#timer?.[Symbol.dispose]()
    this.#timer = this.#ports.timer(Math.max(1, wakeAt - now), () => void this.look())
  }

  /** A fault with one application or one query ends neither the others nor the scheduler: it is told, and tried again. */
  async #guarded(act: () => Promise<void>): Promise<void> {
    try {
      await act()
    } catch (error) {
      this.#ports.onProblem(error)
    }
  }

  #parsed(schedule: ScheduleText | undefined): { readonly schedule?: Schedule } {
    if (schedule === undefined) return {}
    try {
      return { schedule: parseSchedule(schedule) }
    } catch (error) {
      this.#ports.onProblem(error)
      return {}
    }
  }
}

function keyOf({ app, origin, dueAt }: ExpectedRun): string {
  return `${app} ${origin} ${dueAt}`
}
