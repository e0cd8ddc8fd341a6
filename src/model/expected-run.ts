import { z } from 'zod'

/** Who expects it: the schedule, or the first use of a day. */
export const expectedOriginSchema = z.enum(['schedule', 'touch'])

/**
 * `waiting`: its time has not come, or its application is busy. `started`: it was begun or queued. The others are its end,
 * judged by what lies in the vaults: `met`; `late`, met long after its time; `partial`, what lies there is incomplete; `failed`;
 * `missed`, nothing was begun; `skipped`, another run was at work all the time.
 */
export const expectedStateSchema = z.enum(['waiting', 'started', 'met', 'late', 'partial', 'failed', 'missed', 'skipped'])
export type ExpectedState = z.infer<typeof expectedStateSchema>

const instant = z.iso.datetime()

/** A backup that is to come, written down before its time, so that "nothing happened" is seen. */
const expectedRunSchema = z.object({
  app: z.string(),
  origin: expectedOriginSchema,
  /** When the schedule says. With `app` and `origin` it names the expectation. */
  dueAt: instant,
  /** When it is begun: `dueAt`, or the moment chosen within the schedule's jitter. */
  startAt: instant,
  state: expectedStateSchema,
  /** The run that answered it. */
  run: z.string().optional(),
})
export type ExpectedRun = z.infer<typeof expectedRunSchema>
