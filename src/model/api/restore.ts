import { z } from 'zod'

const count = z.int().nonnegative()

/**
 * `POST /api/apps/:app/restore/plan` and `POST /api/apps/:app/restore`; both give a ticket. The plan's ticket ends with a
 * `restorePlanSchema`. `confirm` is the name that the plan tells, typed by a person; the restore asks for it and for a step-up.
 */
export const restoreRequestSchema = z.strictObject({
  point: z.string(),
  vault: z.string().optional(),
  what: z.enum(['all', 'files', 'database']).default('all'),
  /** Only these paths. */
  paths: z.array(z.string()).max(1000).optional(),
  /** Another folder; absent: the application's own. */
  target: z.string().max(4096).optional(),
  /** Another name for a database: from → to. */
  databases: z.record(z.string(), z.string()).optional(),
  confirm: z.string().optional(),
  /** For an uploaded archive of another application (`isOther`): that one's name, which says that it is meant. */
  otherApplication: z.string().optional(),
  /** The plan's digest, as it was shown: where something else would be replaced or removed by now the restore ends with `restore.plan-changed`. */
  plan: z.string().regex(/^[0-9a-f]{32}$/).optional(),
})
export type RestoreRequest = z.infer<typeof restoreRequestSchema>

export const restorePlanSchema = z.object({
  target: z.string(),
  point: z.string(),
  written: count, overwritten: count, alike: count, deleted: count, contentBytes: count,
  /** The first paths of each kind. */
  samples: z.object({ written: z.array(z.string()), overwritten: z.array(z.string()), deleted: z.array(z.string()) }),
  databases: z.array(z.string()),
  /** SQLite databases in the target that are overwritten or deleted; the first paths of each. */
  databaseFiles: z.object({ overwritten: z.array(z.string()), deleted: z.array(z.string()) }),
  digest: z.string(),
  /** Further applications whose folders it changes: the target is one's own folder, lies above it, or within it. */
  touches: z.array(z.object({ name: z.string(), root: z.string(), how: z.enum(['same', 'holds', 'within']) })),
  /** The name that confirms it: of the application that is changed. */
  confirm: z.string(),
  command: z.string(),
})
export type RestorePlan = z.infer<typeof restorePlanSchema>

/** `GET /api/apps/:app/restore`: a restore that was interrupted (finish or roll back), or one that can be undone. */
export const restoreStateSchema = z.object({
  unfinished: z.object({ startedAt: z.string() }).optional(),
  undo: z.object({ startedAt: z.string(), point: z.string() }).optional(),
})
export type RestoreState = z.infer<typeof restoreStateSchema>
