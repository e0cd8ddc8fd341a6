import { messageOf } from '../../kit/app-error.ts'
import type { Run } from '../../model/run.ts'
import type { AppState } from '../app-state.ts'
import { unfinishedRestore } from '../restore/work-in-progress.ts'
import { frozenRecords, readFrozenRecord, removeFrozenRecord } from './frozen-record.ts'

/**
 * Brings back what runs that died have left standing still. Call only under the application's lock: then no other run is
 * alive, and nobody freezes meanwhile. What cannot be brought back is told by a warning, and its record stays.
 */
export async function thawDeadRuns(state: AppState, run: Pick<Run, 'emit'>): Promise<void> {
  for (const path of frozenRecords(state)) {
    try {
      const { frozen, at, restores, stands } = readFrozenRecord(path)
      if (isHalfRestored(restores)) {
        run.emit({ type: 'run.note', code: 'containers.half-restored', message: `${frozen.map(({ name }) => name).join(', ')} stay as they are until the restore of ${restores ?? ''} is finished or rolled back` })
        continue
      }
      run.emit({ type: 'run.note', code: 'containers.left-frozen', message: `The run that began to stop containers at ${at} ended without starting them again: ${frozen.map(({ name }) => name).join(', ')}` })
      // Most runs never need it.
      const { thawContainers } = await import('../../sources/containers/thaw-containers.ts')
      await thawContainers(frozen, { settles: stands !== true }, run)
      removeFrozenRecord(state, path)
    } catch (error) {
      run.emit({ type: 'run.warning', code: 'containers.not-started', message: messageOf(error) })
    }
  }
}

/** Whether containers still stand still that nothing keeps from running. */
export function hasFrozen(state: AppState): boolean {
  return frozenRecords(state).some((path) => {
    try {
      return !isHalfRestored(readFrozenRecord(path).restores)
    } catch {
      return true
    }
  })
}

/** What runs on half of one state and half of another may destroy both. */
function isHalfRestored(root: string | undefined): boolean {
  return root !== undefined && unfinishedRestore(root) !== undefined
}
