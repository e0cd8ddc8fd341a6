import { join } from 'node:path'
import type { ServerOptions } from '../config/server-options.ts'
import { FolderProbe } from '../disk/folder-probe.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { AppCard, Overview } from '../model/api/overview.ts'
import type { TicketState, TouchAnswerBody } from '../model/api/runs.ts'
import type { RunEvent } from '../model/run-event.ts'
import type { Snapshot } from '../model/restore-point.ts'
import type { RunReport } from '../model/run-report.ts'
import type { Run } from '../model/run.ts'
import type { Vault } from '../model/vault.ts'
import type { JeedomStatus } from '../report/jeedom-status.ts'
import type { Application } from '../runs/application.ts'
import { configuredApplication, partNames, presetWhereThere } from '../runs/application.ts'
import type { Setup } from '../runs/setup.ts'
import { claimTouch } from '../runs/touch.ts'
import { Catalog } from '../catalog/catalog.ts'
import { soundestFirst } from '../catalog/catalog-points.ts'
import { Access } from './access/access.ts'
import { AppBook } from './book/app-book.ts'
import { unbegunRun } from './book/unbegun-run.ts'
import { CatalogKeeper } from './book/catalog-keeper.ts'
import { OpenVaults } from './book/open-vaults.ts'
import { PointIndex } from './book/point-index.ts'
import type { ServeOptions } from './configuration.ts'
import { Configuration } from './configuration.ts'
import { EventHub } from './events/event-hub.ts'
import { RunFollower } from './events/run-follower.ts'
import { errorResponse } from './http/answers.ts'
import { log } from './log.ts'
import { makeDataFolder } from './make-data-folder.ts'
import { Teller } from './reporting/teller.ts'
import type { StartReason } from './scheduler/scheduler.ts'
import { Scheduler } from './scheduler/scheduler.ts'
import { systemTimer } from './scheduler/system-timer.ts'
import { commandWords } from './routes/run-routes.ts'
import { overviewOf } from './routes/overview-routes.ts'
import { Uploads } from './work/uploads.ts'
import { WorkQueue } from './work/work-queue.ts'

const lookAgainMs = 5 * 60_000
const askPlacesMs = 60_000
const tellWithinMs = 500

/** All that the server knows and does; the HTTP side only asks it. */
export class Server implements AsyncDisposable {
  readonly hub = new EventHub()
  readonly queue: WorkQueue
  readonly access: Access
  readonly catalog: Catalog
  readonly index: PointIndex
  readonly uploads: Uploads
  readonly dataFolder: string
  readonly configuration: Configuration
  readonly #stop: AbortController
  readonly probe = new FolderProbe()
  #vaults: OpenVaults
  #book: AppBook
  readonly #keeper: CatalogKeeper
  readonly #follower: RunFollower
  #apps = new Map<string, Application>()
  #teller: Teller
  readonly #scheduler: Scheduler
  readonly #unbegun = new Map<string, RunReport>()
  /** What went wrong inside since the last look at all: it must be seen, as schedules may stand still. */
  readonly #problems = new Map<string, Overview['reporting'][number]>()
  #timers: readonly NodeJS.Timeout[] = []
  #telling: NodeJS.Timeout | undefined

  private constructor(configuration: Configuration, stop: AbortController, dataFolder: string, access: Access, catalog: Catalog, isCatalogNew: boolean) {
    this.configuration = configuration
    this.#stop = stop
    this.dataFolder = dataFolder
    this.access = access
    this.catalog = catalog
    this.index = new PointIndex(join(dataFolder, 'points'))
    this.uploads = new Uploads(join(dataFolder, 'uploads'), () => new Date())
    this.queue = new WorkQueue({
      globalArgs: () => configuration.childArgs(),
      parallel: () => configuration.options.parallel,
      now: () => new Date(),
      onChange: (ticket) => this.#onTicket(ticket),
    })
    this.#keeper = new CatalogKeeper(catalog, () => configuration.setup, isCatalogNew, this.#stop.signal)
    this.#follower = new RunFollower(() => configuration.setup, {
      event: (app, run, event) => this.#onEvent(app, run, event),
      ended: (app, report) => this.#meanwhile(app, this.#onEnd(app, report)),
    })
    this.#vaults = new OpenVaults(configuration.setup, this.probe)
    this.#book = this.#newBook([])
    this.#teller = this.#openTeller()
    this.#scheduler = new Scheduler({
      catalog,
      start: async (app, why) => await this.#startDue(app, why),
      now: () => new Date(),
      timer: systemTimer,
      onSettled: ({ app }) => this.#meanwhile(app, this.#keeper.readExpected(app)),
      onProblem: (error) => this.#problem('scheduler', error),
    })
  }

  static async open(given: ServeOptions, signal: AbortSignal): Promise<Server> {
    await using opened = new AsyncDisposableStack()
    const stop = new AbortController()
    const configuration = opened.use(await Configuration.open(given, AbortSignal.any([signal, stop.signal])))
    const { setup } = configuration
    const dataFolder = given.data ?? setup.config?.server.data ?? join(setup.stateRoot, '.server')
    await makeDataFolder(dataFolder)
    const catalog = opened.use(await Catalog.open(join(dataFolder, 'catalog.sqlite'), { now: () => new Date(), onDamage: ({ message }) => log(message) }))
    const access = opened.use(await Access.open(dataFolder, { now: Date.now }))
    const server = new Server(configuration, stop, dataFolder, access, catalog, !await catalog.isFilled())
    // From here on the server itself closes them.
    opened.move()
    await using starting = new AsyncDisposableStack()
    starting.use(server)
    await server.#useApps()
    configuration.start({ use: async () => await server.#useConfiguration(), broken: (why) => server.#teller.reporting.configurationBroken(why), changed: () => server.#tell() })
    server.#timers = [
      setInterval(() => server.#meanwhile('catalog', server.lookAtAll()), lookAgainMs),
      setInterval(() => server.#meanwhile('places', server.#askPlaces()), askPlacesMs),
    ]
    starting.move()
    return server
  }

  get options(): ServerOptions {
    return this.configuration.options
  }

  get setup(): Setup {
    return this.configuration.setup
  }

  /** Aborted when the server ends. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  apps(): readonly Application[] {
    return [...this.#apps.values()]
  }

  /** @throws AppError `app.unknown`. */
  app(name: string): Application {
    const found = this.#apps.get(name)
    if (found === undefined) throw new AppError('app.unknown', 'There is no such application')
    return found
  }

  get book(): AppBook {
    return this.#book
  }

  async card(app: string): Promise<AppCard | undefined> {
    return this.#book.card(app)
  }

  async jeedom(app: string): Promise<JeedomStatus> {
    this.app(app)
    if (this.#book.jeedom(app) === undefined) await this.#book.look(app)
    const status = this.#book.jeedom(app)
    if (status === undefined) throw new AppError('app.unknown', 'There is no such application any more')
    return status
  }

  partsOf(app: Application): readonly string[] {
    return partNames(app, presetWhereThere(app))
  }

  /**
   * The restore point of that id, of this application and no other: of its copies the soundest that can be reached. `copies`: the ids
   * of all of them. @throws AppError `vault.unknown-point`.
   */
  async findPoint(app: string, id: string, vault: string | undefined): Promise<{ readonly point: Snapshot; readonly vault: Vault; readonly place: string; readonly copies: readonly string[] }> {
    const application = this.app(app)
    if (await this.catalog.points.find(app, id) === undefined) await this.#book.look(app)
    const found = await this.catalog.points.find(app, id)
    const copies = soundestFirst(found?.copies ?? []).filter((copy) => vault === undefined || copy.vault === vault)
    const ids = [...new Set((found?.copies ?? []).map(({ snapshot }) => snapshot.id))]
    if (copies.length === 0) throw new AppError('vault.unknown-point', 'There is no such restore point', { hint: 'It was removed meanwhile, perhaps.' })
    const open = await this.#vaults.of(application)
    let problem: AppError | undefined
    for (const { vault: name, snapshot } of copies) {
      const there = open.find((other) => other.name === name)
      if (there === undefined) continue
      if (!(there.vault instanceof AppError)) return { point: snapshot, vault: there.vault, place: there.place, copies: ids }
      problem = there.vault
    }
    throw problem ?? new AppError('vault.missing', 'No place that holds this restore point can be reached')
  }

  /** A run that only reads. */
  quietRun(signal: AbortSignal): Run {
    return { signal, emit: () => undefined, now: () => new Date() }
  }

  /** The command line that does the same as what the server is asked. */
  commandLine(args: readonly string[]): string {
    return commandWords([...this.configuration.givenArgs(), ...args])
  }

  /** The first use of a day starts that day's full backup; answers at once. */
  async touch(app: Application): Promise<TouchAnswerBody> {
    const answer = await claimTouch(await this.setup.state(app.name), new Date())
    if (answer.state !== 'due') return { state: answer.state, ...('until' in answer ? { until: answer.until.toISOString() } : {}) }
    const args = ['touch', app.name, '--foreground']
    this.queue.ask({ app: app.name, what: 'touch', args, command: this.commandLine(args), askedBy: 'first use of the day' })
    await this.#scheduler.noteTouch(app.name)
    return { state: 'started' }
  }

  cancel(app: string, run: string): boolean {
    return this.queue.cancel(app, run)
  }

  async lookAtAll(): Promise<void> {
    // Time alone makes things worse, also where a look does not come to its end.
    this.#tell()
    this.#problems.clear()
    await this.#book.lookAtAll().catch((error: unknown) => this.#problem('catalog', error))
    this.#tell()
    for (const app of this.#apps.values()) this.#meanwhile(app.name, this.#teller.tellJeedom(app, this.#book.jeedom(app.name)))
  }

  /** What a request ends with that failed: an answer, and a line in the log where it is our fault. */
  failed(error: unknown, request: Request): Response {
    if (!(error instanceof AppError) || error.code === 'internal') log(`${request.method} ${new URL(request.url).pathname}: ${error instanceof Error ? error.stack ?? error.message : String(error)}`)
    return errorResponse(error)
  }

  /** What of the server itself and of those that it tells does not work, or does. */
  health(): Overview['reporting'] {
    return [...this.configuration.health(), ...this.#problems.values(), ...this.#teller.health()]
  }

  /** Who is told of how things go, and whether that works. */
  get teller(): Teller {
    return this.#teller
  }

  running(app: string): RunReport | undefined {
    return this.#follower.running(app)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.configuration.end()
    for (const timer of this.#timers) clearInterval(timer)
    clearTimeout(this.#telling)
    await this.#scheduler[Symbol.asyncDispose]()
    await this.queue[Symbol.asyncDispose]()
    await this.#teller[Symbol.asyncDispose]()
    this.#stop.abort()
    this.probe[Symbol.dispose]()
    this.#follower[Symbol.dispose]()
    this.index[Symbol.dispose]()
    await this.access[Symbol.asyncDispose]()
    await this.catalog[Symbol.asyncDispose]()
    await this.configuration[Symbol.asyncDispose]()
  }

  async #useConfiguration(): Promise<void> {
    this.#vaults = new OpenVaults(this.setup, this.probe)
    // From here on the old one tells nothing; two at once would tell things twice.
    void this.#teller[Symbol.asyncDispose]()
    this.#teller = this.#openTeller()
    await this.#useApps()
  }

  async #useApps(): Promise<void> {
    const { config } = this.setup
    const apps = config === undefined ? [] : Object.keys(config.apps).map((name) => configuredApplication(name, config, this.setup.defaultPlace))
    this.#apps = new Map(apps.map((app) => [app.name, app]))
    this.#book = this.#newBook(apps)
    await this.#follower.follow(apps.map(({ name }) => name))
    this.#meanwhile('catalog', this.#begin(apps))
  }

  /** The catalog knows all runs and restore points before the scheduler asks it what is missing. */
  async #begin(apps: readonly Application[]): Promise<void> {
    await this.lookAtAll()
    if (this.#stop.signal.aborted) return
    await this.#keeper.settle(apps)
    await this.#scheduler.setApps(apps.map(({ name, config, vaults }) => ({ name, scope: config.scope, vaults: vaults.map((vault) => vault.name), ...(config.schedule === undefined ? {} : { schedule: config.schedule }) })))
    for (const { name } of apps) await this.#keeper.readExpected(name)
    this.#tell()
  }

  #newBook(apps: readonly Application[]): AppBook {
    return new AppBook(apps, {
      setup: this.setup,
      vaults: this.#vaults,
      probe: this.probe,
      run: () => this.quietRun(this.#stop.signal),
      now: () => new Date(),
      around: {
        expected: (app) => this.#keeper.expected(app),
        next: (app) => this.#scheduler.nextOf(app),
        running: (app) => this.running(app),
        isQueued: (app) => this.queue.of(app).queued,
        unbegun: (app) => this.#unbegun.get(app),
        command: (args) => this.commandLine(args),
      },
      onLooked: async ({ name }, lists, gathered) => {
        await this.#keeper.note(name, lists, gathered.runs)
        await this.#scheduler.looked(name)
        await this.#keeper.readExpected(name)
      },
    })
  }

  /** What the scheduler asks for goes into the queue like everybody's work. */
  async #startDue(app: string, why: StartReason): Promise<'started' | 'busy'> {
    const { queued, working } = this.queue.of(app)
    if (queued || working || this.running(app) !== undefined) return 'busy'
    this.#askForBackup(app, why === 'schedule' ? 'schedule' : 'schedule, made up for')
    return 'started'
  }

  #onEvent(app: string, run: string, event: RunEvent): void {
    if (event.type === 'run.started') this.queue.noteRun(event.pid, run, app)
    this.hub.publish('run', { app, run, event }, app)
    if (event.type !== 'run.started') return
    this.#teller.runStarted(app, event)
    this.#tell()
  }

  async #onEnd(app: string, report: RunReport): Promise<void> {
    await this.catalog.runs.put([report]).catch((error: unknown) => log(`${app}: ${messageOf(error)}`))
    await this.#teller.runFinished(report)
    await this.#book.look(app).catch((error: unknown) => log(`${app}: ${messageOf(error)}`))
    this.#tell()
    await this.#scheduler.looked(app)
    const application = this.#apps.get(app)
    if (application !== undefined) await this.#teller.tellJeedom(application, this.#book.jeedom(app))
  }

  #openTeller(): Teller {
    return new Teller(this.setup, this.dataFolder, (app) => {
      // A button that is pressed twice, or by two, asks for one.
      if (this.#apps.has(app) && !this.queue.of(app).queued) this.#askForBackup(app, 'MQTT')
    })
  }

  #askForBackup(app: string, askedBy: string): void {
    this.queue.ask({ app, what: 'backup', args: ['backup', app], command: this.commandLine(['backup', app]), askedBy })
  }

  /** A place that begins to hang must not stay green until the next look at all. */
  async #askPlaces(): Promise<void> {
    await this.#book.askPlaces()
    this.#tell()
  }

  #onTicket(ticket: TicketState): void {
    const unbegun = unbegunRun(ticket)
    if (unbegun !== undefined) this.#unbegun.set(ticket.app, unbegun)
    // A plan's or a comparison's answer may be long: whoever waits for it asks for the ticket.
    const { result: _, ...told } = ticket
    this.hub.publish('ticket', told, ticket.app)
    this.#tell()
  }

  /** What nobody waits for. A fault in it must not end the server, and must be seen. */
  #meanwhile(name: string, work: Promise<void>): void {
    work.catch((error: unknown) => this.#problem(name, error))
  }

  #problem(name: string, error: unknown): void {
    // What is closed while something still asks it is no problem.
    if (this.#stop.signal.aborted) return
    log(`${name}: ${messageOf(error)}`)
    this.#problems.set(name, { name, state: 'failed', text: messageOf(error), at: new Date().toISOString() })
    this.#tell()
  }

  /** Many changes at once are told once. */
  #tell(): void {
    this.#telling ??= setTimeout(() => {
      this.#telling = undefined
      this.hub.publish('overview', {})
      this.#teller.reporting.update(overviewOf(this, this.#book.cards(), this.#book.unseen().length))
    }, tellWithinMs)
  }
}
