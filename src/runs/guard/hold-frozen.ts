import { AppError } from '../../kit/app-error.ts'
import { processIdentity } from '../../kit/process-identity.ts'
import type { FreezeGuard } from '../../sources/containers/freeze-containers.ts'
import type { AppState } from '../app-state.ts'
import { newRecordPath, removeFrozenRecord, writeFrozenRecord } from './frozen-record.ts'
import { startGuard } from './start-guard.ts'

/** Records what a run freezes, and starts the guard that brings it back where the run is killed. `restores`: the folder that the run restores. */
export function freezeGuard(state: AppState, runId: string, restores?: string): FreezeGuard {
  return {
    async hold(frozen, run) {
      const self = processIdentity(process.pid)
      if (self === undefined) throw new AppError('platform.unsupported', 'Holdfast needs /proc to stop containers', { hint: 'Mount /proc.' })
      const record = { run: runId, process: self, at: run.now().toISOString(), frozen: [...frozen], ...(restores === undefined ? {} : { restores }) }
      const path = newRecordPath(state, runId)
      // The guard first: a record without a guard would start containers at some later time, which may be stopped for good then.
      const guard = await startGuard(path, run.signal)
      try {
        writeFrozenRecord(path, record)
        return {
          stands: () => writeFrozenRecord(path, { ...record, stands: true }),
          async release() {
            removeFrozenRecord(state, path)
            guard.end()
          },
        }
      } catch (error) {
        guard.end()
        throw error
      }
    },
  }
}
