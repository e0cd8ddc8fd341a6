import { realpath, statfs } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FolderProbe } from '../../disk/folder-probe.ts'
import { reachOfFolder } from '../../disk/reach-of-folder.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { formatDuration } from '../../kit/duration.ts'
import { Turns } from '../../kit/turns.ts'
import type { AppCard, DestinationState } from '../../model/api/overview.ts'
import type { ExpectedRun } from '../../model/expected-run.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { Reach } from '../../model/reach.ts'
import type { Run } from '../../model/run.ts'
import type { Status, StatusReason } from '../../model/status.ts'
import type { Vault } from '../../model/vault.ts'
import { dayStrip } from '../../policy/day-strip.ts'
import { judgeStatus } from '../../policy/judge-status.ts'
import { lastDays } from '../../policy/local-days.ts'
import type { JeedomStatus } from '../../report/jeedom-status.ts'
import type { Application } from '../../runs/application.ts'
import { partNames, presetWhereThere } from '../../runs/application.ts'
import type { GatheredStatus } from '../../runs/gather-status.ts'
import { gatherStatus } from '../../runs/gather-status.ts'
import { jeedomStatusOf } from '../../runs/jeedom-status-of.ts'
import type { Setup } from '../../runs/setup.ts'
import { silentPlace } from '../../runs/silent-place.ts'
import { generic } from '../../sources/presets/generic.ts'
import type { OpenVault, OpenVaults } from './open-vaults.ts'

/** What was seen of an application when it was looked at last. */
type Page = {
  readonly app: Application
  readonly gathered: GatheredStatus
  readonly places: readonly { readonly name: string; readonly place: string; readonly real: string; readonly reach: Reach; readonly freeBytes?: number }[]
  readonly parts: readonly string[]
  readonly preset: string
  /** Those that are judged, newest first; the same one in several vaults stands once for each. */
  readonly points: readonly Snapshot[]
  readonly lookedAt: string
  /** By the clock that runs only while the machine does: what it slept through is no fault of a look. */
  readonly lookedMs: number
}

/** `failure`: why the page tells of nothing that was seen. */
type Seen = { readonly page: Page; readonly lists: ReadonlyMap<string, readonly Snapshot[]>; readonly failure?: unknown }

/** What others know of an application, and the book does not. */
type Surroundings = {
  readonly expected: (app: string) => readonly ExpectedRun[]
  readonly next: (app: string) => Date | undefined
  readonly running: (app: string) => RunReport | undefined
  readonly isQueued: (app: string) => boolean
  /** The last backup that failed before a run of its own began. */
  readonly unbegun: (app: string) => RunReport | undefined
  readonly command: (args: readonly string[]) => string
}

type Options = {
  readonly setup: Setup
  readonly vaults: OpenVaults
  readonly probe: FolderProbe
  readonly run: () => Run
  readonly now: () => Date
  /** Milliseconds that never jump. */
  readonly steadyMs?: () => number
  readonly around: Surroundings
  /** Told after each look. */
  readonly onLooked: (app: Application, lists: ReadonlyMap<string, readonly Snapshot[]>, gathered: GatheredStatus) => Promise<void>
}

/** What a card was made of, and when. */
type MadeCard = { readonly card: AppCard; readonly of: readonly unknown[]; readonly atMs: number }

const sizesShown = 30
/** Time alone makes a card another one, yet not that fast; many ask for all of them at once. */
const cardKeptMs = 1000
/** So many look at their places at once: disks and remote places have better things to do. */
const looksAtOnce = 2
/** So long one may take; after it the others have their turn. */
const lookMs = 4 * 60_000
/** Each is looked at every few minutes. What was seen longer ago says nothing of how it stands. */
const presentMs = 15 * 60_000

/**
 * How all applications stand: what lies in their vaults and what their journals tell is looked at after each run and now and
 * then; judged it is at each question, as time alone makes a status worse. Of a look that failed, or that was long ago, nothing is taken for
 * the present: its vaults are judged as those that cannot be read.
 */
export class AppBook {
  readonly #options: Options
  readonly #apps: ReadonlyMap<string, Application>
  readonly #pages = new Map<string, Page>()
  readonly #cards = new Map<string, MadeCard>()
  readonly #looking = new Map<string, Promise<void>>()
  readonly #again = new Set<string>()
  /** Places that did not answer when they were asked last. */
  #silent: ReadonlySet<string> = new Set()
  readonly #turns = new Turns(looksAtOnce)

  constructor(apps: readonly Application[], options: Options) {
    this.#options = options
    this.#apps = new Map(apps.map((app) => [app.name, app]))
  }

  /** Looks at an application; whoever asks while somebody looks waits for one more look. `isFresh` false: a list of a moment ago will do. */
  async look(name: string, isFresh = true): Promise<void> {
    const under = this.#looking.get(name)
    if (under !== undefined) {
      this.#again.add(name)
      await under
      if (!this.#again.delete(name)) return
    }
    const looking = this.#lookOnce(name, isFresh).finally(() => this.#looking.delete(name))
    this.#looking.set(name, looking)
    await looking
  }

  async lookAtAll(): Promise<void> {
    const { vaults } = this.#options
    vaults.forget(undefined)
    const ends = await Promise.allSettled([...this.#apps.keys()].map(async (name) => await this.look(name, false)))
    vaults.forget(undefined)
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** Asks the places whether they answer; where that has changed, the applications that have theirs there are looked at. */
  async askPlaces(): Promise<void> {
    const places = [...new Set([...this.#apps.values()].flatMap(({ vaults }) => vaults.map(({ place }) => place)))]
    const answers = await Promise.all(places.map(async (place) => await this.#options.probe.answers(place)))
    const silent = new Set(places.filter((_place, index) => answers[index] === false))
    const changed = silent.symmetricDifference(this.#silent)
    this.#silent = silent
    const apps = [...this.#apps.values()].filter(({ vaults }) => vaults.some(({ place }) => changed.has(place)))
    await Promise.allSettled(apps.map(async ({ name }) => await this.look(name)))
  }

  statuses(): readonly Status[] {
    return [...this.#apps.keys()].map((name) => this.status(name)).filter((status) => status !== undefined)
  }

  status(name: string): Status | undefined {
    const page = this.#pages.get(name)
    return page === undefined ? undefined : judgeStatus(this.#input(page), this.#options.now())
  }

  /** Applications that were not looked at yet. */
  unseen(): readonly string[] {
    return [...this.#apps.keys()].filter((name) => !this.#pages.has(name))
  }

  cards(): readonly AppCard[] {
    return [...this.#apps.keys()].map((name) => this.card(name)).filter((card) => card !== undefined)
  }

  card(name: string): AppCard | undefined {
    const page = this.#pages.get(name)
    if (page === undefined) return undefined
    const { around, now } = this.#options
    const of = [page, around.expected(name), around.next(name)?.getTime(), around.running(name)?.run, around.isQueued(name), around.unbegun(name)]
    const made = this.#cards.get(name)
    const atMs = now().getTime()
    if (made !== undefined && Math.abs(atMs - made.atMs) < cardKeptMs && made.of.every((part, index) => part === of[index])) return made.card
    const card = this.#makeCard(name, page)
    this.#cards.set(name, { card, of, atMs })
    return card
  }

  #makeCard(name: string, page: Page): AppCard {
    const { around, now } = this.#options
    const status = judgeStatus(this.#input(page), now())
    const newest = newestOf(page, status)
    const points = page.points
    const verified = points.find(({ verifiedAt, damagedAt, complete, scope }) => verifiedAt !== undefined && damagedAt === undefined && complete && scope === page.app.config.scope)
    const next = around.next(name)
    const running = around.running(name)
    const schedule = page.app.config.schedule
    return {
      name, root: page.app.root, preset: page.preset, status, lookedAt: page.lookedAt, queued: around.isQueued(name),
      ...(running === undefined ? {} : { running: { run: running.run, kind: running.kind, startedAt: running.startedAt, app: name } }),
      ...(newest === undefined ? {} : { newest: { id: newest.id, startedAt: newest.startedAt, sizeBytes: newest.sizeBytes, contentBytes: newest.contentBytes, fileName: newest.key.replace(/^.*\//, ''), ...(newest.verifiedAt === undefined ? {} : { verifiedAt: newest.verifiedAt }) } }),
      ...(verified === undefined ? {} : { verifiedPointAt: verified.startedAt }),
      ...(schedule === undefined ? {} : { schedule: { text: typeof schedule === 'string' ? schedule : schedule.cron, ...(typeof schedule === 'string' || schedule.timezone === undefined ? {} : { timezone: schedule.timezone }), ...(next === undefined ? {} : { next: next.toISOString() }) } }),
      days: [...dayStrip(around.expected(name), page.gathered.runs, lastDays(now(), 30))],
      sizes: sizesOf(page),
      destinations: page.places.map((place) => destination(place, page, status)),
      points: countOf(points),
      parts: [...page.parts],
      ...(hasNoDatabases(page) ? { noDatabases: true } : {}),
      command: around.command(['backup', name]),
    }
  }

  jeedom(name: string): JeedomStatus | undefined {
    const page = this.#pages.get(name)
    if (page === undefined) return undefined
    const status = judgeStatus(this.#input(page), this.#options.now())
    return jeedomStatusOf(this.#input(page), page.app.config.expect, this.#options.now(), page.places.map((place) => destination(place, page, status)))
  }

  runs(name: string): readonly RunReport[] {
    return this.#pages.get(name)?.gathered.runs ?? []
  }

  #input({ gathered, lookedMs }: Page): GatheredStatus {
    const { running: _, runs, vaults, ...rest } = gathered
    const running = this.#options.around.running(gathered.app)
    const unbegun = this.#options.around.unbegun(gathered.app)
    const agoMs = this.#steadyMs() - lookedMs
    return {
      ...rest,
      runs: unbegun === undefined ? runs : [unbegun, ...runs],
      vaults: agoMs > presentMs ? vaults.map(({ name }) => ({ name, problem: `it was looked at last ${formatDuration(agoMs)} ago` })) : vaults,
      expected: this.#options.around.expected(gathered.app),
      ...(running === undefined ? {} : { running }),
    }
  }

  #steadyMs(): number {
    return this.#options.steadyMs?.() ?? performance.now()
  }

  async #lookOnce(name: string, isFresh: boolean): Promise<void> {
    const app = this.#apps.get(name)
    if (app === undefined) return
    // Before it takes a turn: what hangs must not keep the others from theirs.
    const isThere = await this.#options.probe.answers(app.root)
    using _turn = await this.#turns.take()
    const { page, lists, failure } = isThere ? await this.#seenInTime(app, isFresh) : this.#failed(app, silentPlace(app.root), await this.#options.vaults.of(app))
    this.#pages.set(name, page)
    if (failure !== undefined) throw failure
    await this.#options.onLooked(app, lists, page.gathered)
  }

  async #seenInTime(app: Application, isFresh: boolean): Promise<Seen> {
    const ended = new AbortController()
    const late = sleep(lookMs, undefined, { signal: ended.signal, ref: false }).then(() => this.#failed(app, new AppError('vault.silent', `The look at ${app.name} has not ended in ${formatDuration(lookMs)}`, { hint: 'See whether its folder, its places and the state folder answer.', retry: true })))
    // Nobody waits for it any more where the look has ended.
    late.catch(() => undefined)
    try {
      return await Promise.race([this.#see(app, isFresh), late])
    } finally {
      ended.abort()
    }
  }

  async #see(app: Application, isFresh: boolean): Promise<Seen> {
    const { setup, vaults, run, now } = this.#options
    const { name, root, config } = app
    const looked = { lookedAt: now().toISOString(), lookedMs: this.#steadyMs() }
    let open: readonly OpenVault[] = []
    try {
      open = await vaults.of(app)
      if (isFresh) vaults.forget(open)
      const lists = new Map<string, readonly Snapshot[]>()
      const told = open.map(({ name: vault, vault: known }) => ({ name: vault, vault: known instanceof AppError ? known : listing(known, vaults, lists, vault) }))
      const gathered = await gatherStatus({ app: name, root, expect: config.expect, schedule: config.schedule, scope: config.scope, vaults: told }, await setup.state(name), run())
      const preset = presetWhereThere(app)
      const places = await Promise.all(this.#placesOf(app, open).map(async (place) => isSilent(place.name, open) ? place : { ...place, real: await realPathOf(place.place), ...await freeBytes(place.place) }))
      return { page: { app, gathered: { ...gathered, runs: gathered.runs.map(withoutPaths) }, places, parts: partNames(app, preset), preset: preset.name, points: pointsOf(gathered), ...looked }, lists }
    } catch (error) {
      return this.#failed(app, error, open)
    }
  }

  /** As they are configured. What does not answer is not asked where it lies: what hangs is most often in the network. */
  #placesOf({ name: app, vaults }: Application, open: readonly OpenVault[]): Page['places'] {
    const before = this.#pages.get(app)?.places ?? []
    return vaults.map(({ name, place, reach }) => ({ name, place, real: place, reach: reach ?? (isSilent(name, open) ? before.find((known) => known.name === name)?.reach ?? 'network' : reachOfFolder(place)) }))
  }

  /** What takes the place of what was seen before: the vaults stand for all that is not known, and none of them counts as good. */
  #failed(app: Application, failure: unknown, open?: readonly OpenVault[]): Seen {
    const { name, config } = app
    const before = this.#pages.get(name)
    const vaults = app.vaults.map(({ name: vault }) => {
      const known = open?.find((other) => other.name === vault)?.vault
      return { name: vault, problem: known instanceof AppError ? known.message : `it could not be looked at: ${messageOf(failure)}` }
    })
    const places = before?.places ?? app.vaults.map(({ name: vault, place, reach }) => ({ name: vault, place, real: place, reach: reach ?? 'local' as const }))
    return {
      page: {
        app, gathered: { app: name, expect: config.expect, scope: config.scope, known: [], runs: before?.gathered.runs ?? [], vaults },
        places, parts: before?.parts ?? [], preset: before?.preset ?? generic.name, points: [],
        lookedAt: this.#options.now().toISOString(), lookedMs: this.#steadyMs(),
      },
      lists: new Map(), failure,
    }
  }
}

function isSilent(name: string, open: readonly OpenVault[]): boolean {
  const vault = open.find((other) => other.name === name)?.vault
  return vault instanceof AppError && vault.code === 'vault.silent'
}

/** The list of a vault, kept for those who show it; what status judges are the vault's own points alone. */
function listing(vault: Vault, vaults: OpenVaults, lists: Map<string, readonly Snapshot[]>, name: string): Pick<Vault, 'snapshots'> {
  return {
    async snapshots(run, onUnlisted) {
      const { points: all, unlisted } = await vaults.list(vault, run)
      for (const folder of unlisted) onUnlisted?.(folder)
      lists.set(name, all)
      return all.filter(({ foreign, complete }) => foreign === undefined || complete)
    },
  }
}

/** Hundreds of reports are kept: what can be long is not needed of old ones. */
function withoutPaths(report: RunReport): RunReport {
  return { ...report, warnings: [], notes: report.notes.filter(({ code }) => code === 'backup.before-update'), databases: [], removed: [], verified: [] }
}

/** Sorted once for many questions, and as text: all times are written alike. */
function pointsOf({ vaults }: GatheredStatus): readonly Snapshot[] {
  return vaults.flatMap((vault) => 'snapshots' in vault ? vault.snapshots : []).sort((a, b) => a.startedAt === b.startedAt ? 0 : a.startedAt < b.startedAt ? 1 : -1)
}

function newestOf(page: Page, status: Status): Snapshot | undefined {
  const ids = new Set(status.vaults.flatMap(({ newest }) => newest?.id ?? []))
  return page.points.find(({ id }) => ids.has(id))
}

/** A copy in another vault has an id of its own: they are one point, by time, slot, scope and host. */
function pointMark({ startedAt, slot, scope, host }: Snapshot): string {
  return `${startedAt} ${slot} ${scope} ${host}`
}

function hasNoDatabases({ app, points }: Page): boolean {
  return (app.config.databases ?? []).length === 0 && points.find(({ scope, complete }) => scope === 'full' && complete)?.databases === 0
}

function countOf(points: readonly Snapshot[]): number {
  return new Set(points.map(pointMark)).size
}

function sizesOf(page: Page): { at: string; sizeBytes: number }[] {
  const seen = new Set<string>()
  return page.points.filter((point) => point.complete && point.foreign === undefined && point.scope === page.app.config.scope && !seen.has(pointMark(point)) && seen.add(pointMark(point)).size > 0)
    .slice(0, sizesShown).map(({ startedAt, sizeBytes }) => ({ at: startedAt, sizeBytes })).toReversed()
}

/** What is wrong with the place itself; that nothing was saved yet is no fault of it. */
const bad: ReadonlySet<StatusReason['code']> = new Set(['vault-unreachable', 'overdue', 'missing', 'damaged'])

function destination({ name, place, real, reach, freeBytes: free }: Page['places'][number], page: Page, status: Status): DestinationState {
  const reasons = status.reasons.filter(({ vault, code }) => vault === name || code === 'never-ran')
  const failed = reasons.find(({ severity, code }) => severity === 'failed' && bad.has(code))
  const first = failed ?? reasons[0]
  const inside = `${real}/`.startsWith(`${page.app.root}/`)
  return {
    name, place, reach, state: failed !== undefined ? 'failed' : reasons.length > 0 || inside ? 'warning' : 'ok',
    text: first?.message ?? (inside ? 'It lies inside the application: what destroys the one destroys the other.' : 'All is there that should be.'), inside,
    ...(free === undefined ? {} : { freeBytes: free }),
  }
}

/** A link may lead back into the application. */
async function realPathOf(place: string): Promise<string> {
  return await realpath(place).catch(() => place)
}

async function freeBytes(place: string): Promise<{ readonly freeBytes?: number }> {
  try {
    const { bavail, bsize } = await statfs(place)
    return { freeBytes: bavail * bsize }
  } catch {
    // What is not there is told by the status.
    return {}
  }
}
