import { z } from 'zod'
import type { Run } from './run.ts'

/** Moments of a run at which hooks run, in the order of a backup and then of a restore. */
export const momentSchema = z.enum(['live-before', 'frozen', 'after', 'on-failure', 'before-restore', 'after-restore'])
export type Moment = z.infer<typeof momentSchema>

export interface Hook {
  /** @throws AppError `hook.failed`, `process.timeout`. */
  fire(moment: Moment, run: Run): Promise<void>
}
