import { readFile } from 'node:fs/promises'
import { configSchema } from '../../config/config-schema.ts'
import { messageOf } from '../../kit/app-error.ts'
import type { Overview } from '../../model/api/overview.ts'
import type { RunEvent } from '../../model/run-event.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { JeedomStatus } from '../../report/jeedom-status.ts'
import type { Application } from '../../runs/application.ts'
import { listJournals } from '../../runs/interrupted-runs.ts'
import { pushJeedomStatus } from '../../runs/push-jeedom-status.ts'
import type { Setup } from '../../runs/setup.ts'
import { runOfJournal } from '../events/journal-watch.ts'
import { log } from '../log.ts'
import { Reporting } from './reporting.ts'

const logTailLength = 8000

/** Tells others what the server sees: notifiers, brokers, pings, Jeedoms. Of one configuration; the next one gets a new teller. */
export class Teller implements AsyncDisposable {
  readonly reporting: Reporting
  readonly #setup: Setup
  readonly #stop = new AbortController()
  /** What each application's Jeedom was told last, and how that went. */
  readonly #jeedoms = new Map<string, string>()
  readonly #jeedomHealth = new Map<string, Overview['reporting'][number]>()

  constructor(setup: Setup, dataFolder: string, onBackup: (app: string) => void) {
    this.#setup = setup
    this.reporting = Reporting.open({ config: setup.config ?? configSchema.parse({ apps: {} }), folder: dataFolder, now: () => new Date(), onBackup, ...(setup.config?.server.url === undefined ? {} : { dashboardUrl: setup.config.server.url }) })
  }

  health(): Overview['reporting'] {
    return [...this.reporting.health(), ...this.#jeedomHealth.values()]
  }

  runStarted(app: string, { run, kind }: Extract<RunEvent, { type: 'run.started' }>): void {
    this.reporting.runStarted({ app, run, kind })
  }

  async runFinished(report: RunReport): Promise<void> {
    this.reporting.runFinished(report, await this.#logTail(report))
  }

  /** A Jeedom's command is set where its value has changed; it is another thing that may be down, and no backup's. */
  async tellJeedom({ name, config: { jeedom } }: Application, status: JeedomStatus | undefined): Promise<void> {
    if (jeedom?.status === undefined || status === undefined) return
    const value = JSON.stringify(status)
    if (this.#jeedoms.get(name) === value) return
    this.#jeedoms.set(name, value)
    const at = new Date().toISOString()
    try {
      await pushJeedomStatus(jeedom, status, this.#stop.signal)
      this.#jeedomHealth.set(name, { name: `jeedom.${name}`, state: 'ok', text: 'It was told how the application stands.', at })
    } catch (error) {
      this.#jeedoms.delete(name)
      if (this.#stop.signal.aborted) return
      log(`${name}: its Jeedom was not told how it stands: ${messageOf(error)}`)
      this.#jeedomHealth.set(name, { name: `jeedom.${name}`, state: 'failed', text: messageOf(error), at })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.reporting[Symbol.asyncDispose]()
  }

  /** The end of a run's log, for whoever is told of it; empty where it cannot be read. */
  async #logTail({ app, run }: RunReport): Promise<string> {
    try {
      const path = (await listJournals(await this.#setup.state(app))).find((candidate) => runOfJournal(candidate) === run)
      return path === undefined ? '' : (await readFile(path.replace(/\.ndjson$/, '.log'), 'utf8')).slice(-logTailLength)
    } catch {
      return ''
    }
  }
}
