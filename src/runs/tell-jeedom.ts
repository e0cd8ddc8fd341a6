import { resolveSecret } from '../config/resolve-secret.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { Outcome } from '../model/run-event.ts'
import type { JeedomAccess } from '../report/jeedom-events.ts'
import { sendJeedomEvent } from '../report/jeedom-events.ts'
import type { JeedomOptions } from '../report/jeedom-options.ts'
import { beforeUpdateCode } from '../report/jeedom-status.ts'
import type { Application } from './application.ts'
import type { AppState } from './app-state.ts'
import type { NamedVault, UnopenedVault } from './backup.ts'
import { gatherStatus } from './gather-status.ts'
import { destinationsOf, jeedomStatusOf } from './jeedom-status-of.ts'
import type { ActiveRun } from './perform-run.ts'

type Told = {
  readonly app: Application
  readonly state: AppState
  /** Of a backup: then its status is told too. */
  readonly vaults?: readonly NamedVault[]
  readonly unopened?: readonly UnopenedVault[]
  /** True where an update of the application waits for it. */
  readonly beforeUpdate?: boolean
  /** True where nothing is done that anybody need be told of. */
  readonly silent?: boolean
}

/**
 * A run's body that tells the application's Jeedom of its begin and of its end, however it ends. What goes wrong with that is a
 * note in the run and changes nothing of its result. Without a Jeedom it is the body itself.
 */
export function tellingJeedom(told: Told, kind: 'backup' | 'restore', body: (run: ActiveRun) => Promise<void>): (run: ActiveRun) => Promise<void> {
  return async (run) => {
    if (told.beforeUpdate === true) run.emit({ type: 'run.note', code: beforeUpdateCode, message: 'An update of the application waits for this backup' })
    const options = told.app.config.jeedom
    if (options === undefined || told.silent === true) return await body(run)
    await tell(told, options, kind, undefined, run)
    let outcome: Outcome = 'failed'
    try {
      await body(run)
      outcome = run.report().warningCount > 0 ? 'partial' : 'ok'
    } catch (error) {
      if (run.signal.aborted || (error instanceof AppError && error.code === 'interrupted')) outcome = 'interrupted'
      throw error
    } finally {
      await tell(told, options, kind, outcome, run)
    }
  }
}

/** Tells the begin, or with an outcome the end. */
async function tell(told: Told, options: JeedomOptions, kind: 'backup' | 'restore', outcome: Outcome | undefined, run: ActiveRun): Promise<void> {
  // The end is told also when the run was cancelled.
  const signal = outcome === undefined ? run.signal : new AbortController().signal
  const note = (error: unknown): void => {
    run.emit({ type: 'run.note', code: error instanceof AppError ? error.code : 'report.failed', message: `${messageOf(error)} (the ${kind} itself is not concerned)` })
  }
  let access: JeedomAccess
  try {
    access = { url: options.url, apiKey: await resolveSecret(options.apiKey, signal) }
  } catch (error) {
    note(error)
    return
  }
  const send = async (commandId: number | undefined, value: () => string | Promise<string>): Promise<void> => {
    if (commandId === undefined) return
    try {
      await sendJeedomEvent(access, commandId, await value(), signal)
    } catch (error) {
      note(error)
    }
  }
  // At once: each may take its whole time.
  await Promise.all([
    send(options.event, () => `${outcome === undefined ? 'begin' : 'end'}_${kind}`),
    ...(outcome === undefined ? [] : [send(options.outcome, () => outcome)]),
    ...(told.vaults === undefined ? [] : [send(options.status, async () => JSON.stringify(await statusNow(told, outcome, run)))]),
  ])
}

/** The status as it will stand once this run has ended so, which its journal does not know yet. */
async function statusNow({ app, state, vaults = [], unopened = [] }: Told, outcome: Outcome | undefined, run: ActiveRun): Promise<unknown> {
  const { config: { expect, schedule, scope } } = app
  const subject = { app: app.name, root: app.root, expect, schedule, scope, vaults: [...vaults, ...unopened.map(({ name, error }) => ({ name, vault: error }))] }
  // What it lists is no matter of the run's own journal.
  const quiet = { signal: new AbortController().signal, now: () => run.now(), emit: () => undefined }
  const { running: _own, ...gathered } = await gatherStatus(subject, state, quiet)
  const now = run.now()
  if (outcome === undefined) return jeedomStatusOf({ ...gathered, running: run.report() }, expect, now, destinationsOf(app))
  return jeedomStatusOf({ ...gathered, runs: [{ ...run.report(), outcome, finishedAt: now.toISOString() }, ...gathered.runs] }, expect, now, destinationsOf(app))
}
