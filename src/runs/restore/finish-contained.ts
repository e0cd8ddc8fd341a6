import type { Application } from '../application.ts'
import type { AppState } from '../app-state.ts'
import { thawDeadRuns } from '../guard/thaw-dead-runs.ts'
import type { ActiveRun } from '../perform-run.ts'
import { containedFinish } from './contained-restore.ts'
import { finishRestore } from './finish-restore.ts'
import type { FinishHow } from './finish-restore.ts'
import type { RestoreDatabase } from './restore-database.ts'
import type { RestoreFound } from './work-in-progress.ts'
import { unfinishedRestore } from './work-in-progress.ts'

/**
 * As `finishRestore`, with the application's containers standing still meanwhile; afterwards those that the interrupted restore
 * had stopped run again too. As long as the application is half restored nothing is started.
 */
export async function finishContained(app: Application, found: RestoreFound, how: FinishHow, databases: readonly RestoreDatabase[], state: AppState, run: ActiveRun): Promise<void> {
  const { targets, freezer, endMaintenance } = await containedFinish(app, found.about, state, run)
  try {
    await freezer.freeze(run)
    await finishRestore(found, how, [...databases, ...targets], run)
    await freezer.look(run)
  } finally {
    if (unfinishedRestore(found.about.target) === undefined) {
      await freezer.thaw(run)
      await thawDeadRuns(state, run)
    }
  }
  if (how === 'resume') await endMaintenance(run)
}
