import { join } from 'node:path'
import { messageOf } from '../../kit/app-error.ts'
import type { RunEvent } from '../../model/run-event.ts'
import type { RunReport } from '../../model/run-report.ts'
import { thawApplication } from '../../runs/guard/thaw-application.ts'
import { hasFrozen } from '../../runs/guard/thaw-dead-runs.ts'
import { readJournal, settleDeadRuns } from '../../runs/interrupted-runs.ts'
import type { Setup } from '../../runs/setup.ts'
import { log } from '../log.ts'
import { JournalWatch } from './journal-watch.ts'

export type RunListener = {
  event(app: string, run: string, event: RunEvent): void
  ended(app: string, report: RunReport): void
}

/** Follows the runs of all applications, whoever has begun them, and settles those whose process has died. */
export class RunFollower implements Disposable {
  readonly #setup: () => Setup
  readonly #listener: RunListener
  readonly #watches = new Map<string, JournalWatch>()
  /** Of which a dead run is being settled. */
  readonly #settling = new Set<string>()

  /** `setup`: that of the configuration which counts at the moment. */
  constructor(setup: () => Setup, listener: RunListener) {
    this.#setup = setup
    this.#listener = listener
  }

  /** Follows these applications from now on, and no others. @throws AppError `state.denied`. */
  async follow(apps: readonly string[]): Promise<void> {
    for (const [name, watch] of this.#watches) {
      if (apps.includes(name)) continue
      watch[Symbol.dispose]()
      this.#watches.delete(name)
    }
    for (const name of apps) if (!this.#watches.has(name)) await this.#watch(name)
  }

  running(app: string): RunReport | undefined {
    return this.#watches.get(app)?.active.at(-1)
  }

  [Symbol.dispose](): void {
    for (const watch of this.#watches.values()) watch[Symbol.dispose]()
  }

  async #watch(name: string): Promise<void> {
    const state = await this.#setup().state(name)
    const watch = new JournalWatch(state, { ...this.#listener, died: (app) => void this.#settle(app) })
    this.#watches.set(name, watch)
    await watch.start(async (journal) => (await readJournal(join(state.runsFolder, journal)))?.report.outcome !== undefined)
  }

  /** A run's process is gone: its journal is closed and what it left standing still brought back, as the next run would. */
  async #settle(app: string): Promise<void> {
    // Told at each look until it is closed; bringing back what stood still may take longer than that.
    if (this.#settling.has(app)) return
    this.#settling.add(app)
    try {
      const setup = this.#setup()
      const state = await setup.state(app)
      if (hasFrozen(state)) await thawApplication(setup.stateRoot, app)
      else await settleDeadRuns(state, new Date())
    } catch (error) {
      log(`${app}: ${messageOf(error)}`)
    } finally {
      this.#settling.delete(app)
    }
  }
}
