import { join } from 'node:path'
import { syncFileSystemOf } from '../../disk/sync-file-system-of.ts'
import { AppError } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import { changeApplication, changeBack } from './change-application.ts'
import type { RestoreDatabase } from './restore-database.ts'
import { keepDatabase } from './restore-database.ts'
import { RestoreRecord } from './restore-record.ts'
import { finishVolumes } from './restore-volumes.ts'
import { safetyPoint, unfinishedRestore } from './work-in-progress.ts'
import type { RestoreFound } from './work-in-progress.ts'

export type FinishHow = 'resume' | 'rollback' | 'undo'

/** The restore of a target that `how` is about. @throws AppError `restore.failed` where there is none. */
export function restoreToFinish(target: string, how: FinishHow): RestoreFound {
  const found = how === 'undo' ? safetyPoint(target) : unfinishedRestore(target)
  if (found === undefined) {
    throw new AppError('restore.failed', how === 'undo' ? `There is no finished restore of ${target} that could be undone` : `There is no unfinished restore of ${target}`, {
      hint: how === 'undo' ? 'Safety points are kept for a week.' : 'Nothing is to be done.',
    })
  }
  return found
}

/** Does the rest of an interrupted restore, brings back what was before it, or undoes a finished one. Each may be repeated. */
export async function finishRestore(found: RestoreFound, how: FinishHow, databases: readonly RestoreDatabase[], run: Run): Promise<void> {
  using record = new RestoreRecord(found.folder)
  if (how === 'resume') {
    if (record.state === 'rolling-back') throw new AppError('restore.failed', 'That restore was already being rolled back', { hint: 'Finish that with --rollback.' })
    await changeApplication(record, databases, run)
    finishVolumes(record.about.volumes, 'done', run.now())
    record.state = 'done'
    record.finishedAt = run.now()
    return
  }
  // What was written since the restore is kept beside what is brought back.
  if (how === 'undo') {
    for (const [index, database] of databases.entries()) await keepDatabase(database, join(record.folder, 'databases', `${index}.undone-${run.now().getTime()}.sql.zst`), run)
    await syncFileSystemOf(record.folder)
  }
  await changeBack(record, databases, run)
}
