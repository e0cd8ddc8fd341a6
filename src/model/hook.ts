import type { Run } from './run.ts'

/** Moments of a run at which hooks run, in the order of a backup and then of a restore. */
export type Moment = 'live-before' | 'frozen' | 'after' | 'on-failure' | 'before-restore' | 'after-restore'

export interface Hook {
  /** @throws AppError `hook.failed`, `process.timeout`. */
  fire(moment: Moment, run: Run): Promise<void>
}
