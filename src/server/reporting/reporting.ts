import { join } from 'node:path'
import type { AppConfig, Config } from '../../config/config-schema.ts'
import { resolveSecret } from '../../config/resolve-secret.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { parseDuration } from '../../kit/duration.ts'
import type { Lookup } from '../../kit/guarded-fetch.ts'
import { printable } from '../../kit/printable.ts'
import type { Overview } from '../../model/api/overview.ts'
import type { Notice } from '../../model/notice.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { SecretReader } from '../../model/secret-reader.ts'
import { decideNotices } from '../../policy/notify-rules.ts'
import type { NotifyRules } from '../../policy/notify-rules.ts'
import { pingOfRun } from '../../policy/ping-of-run.ts'
import { statusReport } from '../../policy/status-report.ts'
import { isConfigurationBroken, reportWith } from '../../report/configuration-broken.ts'
import { MqttReporter } from '../../report/mqtt/mqtt-reporter.ts'
import { weekdayNumber } from '../../report/notifiers/notice-options.ts'
import type { NotifierOptions } from '../../report/notifiers/notifier-options.ts'
import { openNotifier } from '../../report/notifiers/open-notifier.ts'
import { sendPing } from '../../report/send-ping.ts'
import type { Ping } from '../../report/send-ping.ts'
import { writeStatusFile } from '../../report/status-file.ts'
import { Delivery } from './delivery.ts'
import { readReportingState, writeReportingState } from './reporting-state.ts'
import type { NotifierState } from './reporting-state.ts'

export type ReportingOptions = {
  readonly config: Pick<Config, 'apps' | 'notify' | 'mqtt' | 'statusFile'>
  /** The server's own folder: what was told is remembered there. */
  readonly folder: string
  readonly now: () => Date
  /** Where people reach the dashboard. */
  readonly dashboardUrl?: string
  /** A backup was asked for by MQTT, where that is allowed. */
  readonly onBackup?: (app: string) => void
  readonly readSecret?: SecretReader
  readonly lookup?: Lookup
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

type Health = Overview['reporting'][number]

/**
 * Tells the world how the applications stand: notifiers, MQTT, pings, the status file. Nothing here ever fails a run or a look at
 * the applications: what goes wrong is told by `health`. What was decided is kept durably before it is sent, so that a notice is
 * neither lost nor decided twice when the server is killed; one that was on its way then may come twice.
 */
export class Reporting implements AsyncDisposable {
  readonly #options: ReportingOptions
  readonly #readSecret: SecretReader
  readonly #stateFile: string
  readonly #deliveries = new Map<string, Delivery>()
  readonly #rules = new Map<string, NotifyRules>()
  readonly #mqtt: MqttReporter | undefined
  readonly #stop = new AbortController()
  /** The last outcome of the others, by name. */
  readonly #outcomes = new Map<string, Health>()
  /** Of each application, so that its end never comes before its begin. */
  readonly #pings = new Map<string, Promise<void>>()
  #saved = ''
  #fileWritten: { readonly atMs: number; readonly states: string } | undefined

  private constructor(options: ReportingOptions) {
    const { config, folder, now, dashboardUrl, onBackup, lookup, wait } = options
    this.#options = options
    this.#readSecret = options.readSecret ?? resolveSecret
    this.#stateFile = join(folder, 'reporting.json')
    const states = readReportingState(this.#stateFile)
    for (const [name, notifierOptions] of Object.entries(config.notify)) {
      const notifier = openNotifier(notifierOptions, { readSecret: this.#readSecret, now, ...(lookup === undefined ? {} : { lookup }) })
      this.#rules.set(name, rulesOf(notifierOptions))
      this.#deliveries.set(name, new Delivery(notifier, states.get(name) ?? { pending: [] }, { now, onChange: () => this.#save(), ...(wait === undefined ? {} : { wait }) }))
    }
    this.#mqtt = config.mqtt === undefined ? undefined : new MqttReporter(config.mqtt, {
      readSecret: this.#readSecret, now, ...(dashboardUrl === undefined ? {} : { url: dashboardUrl }), ...(onBackup === undefined ? {} : { onBackup }),
    })
  }

  /** Begins: notices that an earlier process did not deliver are sent, and the broker is connected to, in the background. */
  static open(options: ReportingOptions): Reporting {
    const reporting = new Reporting(options)
    for (const delivery of reporting.#deliveries.values()) delivery.start(false)
    return reporting
  }

  /**
   * Tells what is new. To be called after every look at the applications, and at least every few minutes: reminders and
   * the weekly summary come by it. Applications that were not judged yet may be missing in the overview.
   */
  update(overview: Overview): void {
    if (this.#stop.signal.aborted) return
    const apps = Object.keys(this.#options.config.apps)
    const statuses = overview.apps.map(({ status }) => status)
    const { dashboardUrl } = this.#options
    const fresh: Delivery[] = []
    for (const [name, delivery] of this.#deliveries) {
      const rules = this.#rules.get(name)
      if (rules === undefined) continue
      const { decisions, memory } = decideNotices(delivery.state.memory, { statuses, apps, ...(dashboardUrl === undefined ? {} : { url: dashboardUrl }) }, rules, this.#options.now())
      delivery.decide(memory, decisions.map(({ notice }) => notice))
      if (decisions.length > 0) fresh.push(delivery)
    }
    this.#save()
    for (const delivery of fresh) delivery.start(true)
    this.#mqtt?.update(overview, apps)
    if (apps.every((app) => statuses.some((status) => status.app === app))) this.#writeFile(overview)
  }

  /** Tells that the configuration cannot be used, or, undefined, that it can be again. To be called once for each. */
  configurationBroken(why: string | undefined): void {
    if (this.#stop.signal.aborted) return
    const notice: Notice = {
      ...(why === undefined
        ? { kind: 'recovery' as const, severity: 'info' as const, title: 'Holdfast: the configuration can be used again', text: 'Backups read it as it is now.' }
        : { kind: 'failure' as const, severity: 'failed' as const, title: 'Holdfast: the configuration cannot be used', text: `Backups fail until it is mended.\n${why.split('\n').map(printable).join('\n')}` }),
      at: this.#options.now().toISOString(), ...(this.#options.dashboardUrl === undefined ? {} : { url: this.#options.dashboardUrl }),
    }
    const topic = why === undefined ? 'recovery' : 'failure'
    const asked = [...this.#deliveries].filter(([name]) => this.#rules.get(name)?.on.includes(topic) === true).map(([, delivery]) => delivery)
    for (const delivery of asked) delivery.decide(delivery.state.memory, [notice])
    this.#save()
    for (const delivery of asked) delivery.start(true)
  }

  runStarted({ app, run, kind }: Pick<RunReport, 'app' | 'run' | 'kind'>): void {
    if (kind === 'backup') this.#ping(app, { kind: 'start', run, text: '' })
  }

  /** @param logTail the end of the run's log, as people read it. */
  runFinished(report: RunReport, logTail: string): void {
    const config = this.#appConfig(report.app)
    const ping = config === undefined ? undefined : pingOfRun(report, config.scope)
    if (ping !== undefined) this.#ping(report.app, { kind: ping.kind, run: report.run, text: `${ping.text}\n\n${logTail}` })
  }

  /** How each stands, by where it is configured: `notify.NAME`, `mqtt`, `ping.APP`, `statusFile`. */
  health(): Overview['reporting'] {
    const notifiers = [...this.#deliveries].map(([name, { state: { outcome, pending } }]): Health => ({
      name: `notify.${name}`, state: outcome?.state ?? 'unknown', text: outcome === undefined ? 'Nothing was sent yet.' : `${outcome.text}${outcome.state === 'failed' && pending.length > 0 ? ` (${pending.length} waiting)` : ''}`,
      ...(outcome === undefined ? {} : { at: outcome.at }),
    }))
    const mqtt = this.#mqtt === undefined ? [] : [{ name: 'mqtt', ...this.#mqtt.health() }]
    const pings = Object.entries(this.#options.config.apps).flatMap(([app, { ping }]) => ping === undefined ? [] : [this.#outcomes.get(`ping.${app}`) ?? { name: `ping.${app}`, state: 'unknown' as const, text: 'Nothing was sent yet.' }])
    return [...notifiers, ...mqtt, ...pings, ...['statusFile', 'memory'].flatMap((name) => this.#outcomes.get(name) ?? [])]
  }

  /**
   * Sends a test notice.
   *
   * @param name as `health` gives it.
   * @throws AppError `usage` where there is none of this name, or none that can be tried; `report.failed`, `network.…`, `config.secret`.
   */
  async test(name: string): Promise<void> {
    const { now, config, dashboardUrl } = this.#options
    const delivery = name.startsWith('notify.') ? this.#deliveries.get(name.slice('notify.'.length)) : undefined
    if (delivery !== undefined) {
      await delivery.send({
        kind: 'test', severity: 'info', title: 'Holdfast: a test', text: 'This notice was asked for. Failures and delays will come in the same way.', at: now().toISOString(),
        ...(dashboardUrl === undefined ? {} : { url: dashboardUrl }),
      })
      return
    }
    const app = name.startsWith('ping.') ? name.slice('ping.'.length) : undefined
    if (app !== undefined && this.#appConfig(app)?.ping !== undefined) {
      // A log entry: the check's state stays what it is.
      await this.#sendPing(app, { kind: 'log', run: 'test', text: 'A test by Holdfast' })
      return
    }
    if (name === 'mqtt' && config.mqtt !== undefined) {
      const health = this.#mqtt?.health()
      if (health?.state !== 'ok') throw new AppError('report.failed', health?.text ?? 'not connected', { hint: 'Check address, user and password.', retry: true })
      return
    }
    throw new AppError('usage', `Nobody is told of anything by the name ${JSON.stringify(name)}`, { hint: 'See the names in the overview.' })
  }

  /** From this call on nothing more is told, decided or written, so that the next one may be opened at once, without waiting for the end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#save()
    this.#stop.abort()
    await Promise.all([...this.#deliveries.values(), ...(this.#mqtt === undefined ? [] : [this.#mqtt])].map(async (part) => { await part[Symbol.asyncDispose]() }))
    await Promise.all(this.#pings.values())
  }

  #appConfig(app: string): AppConfig | undefined {
    const { apps } = this.#options.config
    return Object.hasOwn(apps, app) ? apps[app] : undefined
  }

  #ping(app: string, ping: Ping): void {
    if (this.#appConfig(app)?.ping === undefined || this.#stop.signal.aborted) return
    const before = this.#pings.get(app) ?? Promise.resolve()
    // Its outcome is noted; nobody waits for it.
    this.#pings.set(app, before.then(() => this.#sendPing(app, ping)).catch(() => undefined))
  }

  /** @throws AppError */
  async #sendPing(app: string, ping: Ping): Promise<void> {
    const options = this.#appConfig(app)?.ping
    if (options === undefined) return
    const { lookup, wait } = this.#options
    const name = `ping.${app}`
    try {
      await sendPing(options, ping, { readSecret: this.#readSecret, ...(lookup === undefined ? {} : { lookup }), ...(wait === undefined ? {} : { wait }) }, this.#stop.signal)
      this.#note(name, 'ok', 'The last ping was accepted.')
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#note(name, 'failed', error instanceof AppError ? error.message : 'The ping failed for a reason that is not known')
      throw error
    }
  }

  /** Ages in its sentences change all the time: it is written when a state changes, else once a minute. */
  #writeFile(overview: Overview): void {
    const { statusFile } = this.#options.config
    if (statusFile === undefined) return
    const atMs = this.#options.now().getTime()
    const isBroken = isConfigurationBroken(overview.reporting)
    const states = JSON.stringify([isBroken, overview.apps.map(({ status: { app, state, reasons } }) => [app, state, reasons.map(({ code, severity, vault }) => [code, severity, vault])])])
    if (this.#fileWritten?.states === states && Math.abs(atMs - this.#fileWritten.atMs) < 60_000) return
    try {
      writeStatusFile(statusFile.path, reportWith(statusReport(overview.apps.map(({ status }) => status), overview.judgedAt, overview.unseen), isBroken), statusFile.everybody ? 0o644 : 0o640)
      this.#fileWritten = { atMs, states }
      this.#note('statusFile', 'ok', `Written to ${statusFile.path}.`)
    } catch (error) {
      this.#note('statusFile', 'failed', messageOf(error))
    }
  }

  /** Only where something has changed: each time costs two syncs of the disk. */
  #save(): void {
    // The next one's memory lies in the same file.
    if (this.#stop.signal.aborted) return
    const states = new Map<string, NotifierState>([...this.#deliveries].map(([name, { state }]) => [name, state]))
    const text = JSON.stringify([...states])
    if (text === this.#saved) return
    try {
      writeReportingState(this.#stateFile, states)
      this.#saved = text
      this.#outcomes.delete('memory')
    } catch (error) {
      this.#note('memory', 'failed', `What was told cannot be remembered, so that it may be told again: ${messageOf(error)}`)
    }
  }

  #note(name: string, state: Health['state'], text: string): void {
    this.#outcomes.set(name, { name, state, text, at: this.#options.now().toISOString() })
  }
}

function rulesOf({ on, remind, summary: { day, hour, timezone } }: NotifierOptions): NotifyRules {
  return { on, remindAfterMs: parseDuration(remind), summary: { weekday: weekdayNumber(day), hour, ...(timezone === undefined ? {} : { timezone }) } }
}
