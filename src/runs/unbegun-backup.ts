import { AppError, messageOf } from '../kit/app-error.ts'
import type { Application } from './application.ts'
import type { AppState } from './app-state.ts'
import type { NamedVault, UnopenedVault } from './backup.ts'
import { hooksOf } from './hooks-of.ts'
import { listJournals } from './interrupted-runs.ts'
import type { RunContext } from './perform-run.ts'
import { performRun } from './perform-run.ts'
import { tellingJeedom } from './tell-jeedom.ts'

type Unbegun = {
  readonly app: Application
  readonly state: AppState
  readonly vaults: readonly NamedVault[]
  readonly unopened: readonly UnopenedVault[]
  readonly beforeUpdate: boolean
}

/**
 * Makes a run of a backup that failed before its own began, as where the application's folder is gone: journalled as failed, with the
 * hooks for failures and word to its Jeedom, so that whoever is to hear of failures hears of this one. Not where another run is at
 * work, nor for a folder that nobody has configured or ever backed up: that is a name that was typed wrongly.
 *
 * @throws AppError as `performRun`.
 */
export async function recordUnbegun({ app, state, vaults, unopened, beforeUpdate }: Unbegun, failure: unknown, context: RunContext): Promise<void> {
  if (failure instanceof AppError && failure.code === 'lock.held') return
  if (!app.configured && (await listJournals(state)).length === 0) return
  await performRun('backup', state, context, tellingJeedom({ app, state, vaults, unopened, beforeUpdate }, 'backup', async (run) => {
    await hooksOf(app, run, () => ({ HOLDFAST_ERROR: messageOf(failure) })).fire('on-failure', run).catch((cause: unknown) => {
      run.emit({ type: 'run.warning', code: 'hook.failed', message: messageOf(cause) })
    })
    throw failure
  }))
}
