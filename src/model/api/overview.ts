import { z } from 'zod'
import { reachSchema } from '../reach.ts'
import { runKindSchema } from '../run-event.ts'
import { snapshotSchema } from '../restore-point.ts'
import { statusSchema } from '../status.ts'

const instant = z.iso.datetime()
const count = z.int().nonnegative()

/** One of the last thirty days in the place of the application: the worst of what happened, or `none` where nothing was expected. */
const dayStateSchema = z.enum(['ok', 'warning', 'failed', 'missed', 'none'])
export type DayState = z.infer<typeof dayStateSchema>
export const daySchema = z.object({ day: z.string(), state: dayStateSchema, text: z.string() })

/** A destination's part, as circles of a tile show it. `off`: there is none of this kind. */
const destinationStateSchema = z.object({
  name: z.string(),
  reach: reachSchema,
  state: z.enum(['ok', 'warning', 'failed', 'off']),
  text: z.string(),
  place: z.string(),
  freeBytes: count.optional(),
  /** True where it lies inside the application: what destroys the one destroys the other. */
  inside: z.boolean(),
})
export type DestinationState = z.infer<typeof destinationStateSchema>

const activeRunSchema = z.object({ run: z.string(), app: z.string(), kind: runKindSchema, startedAt: instant })
export type ActiveRunInfo = z.infer<typeof activeRunSchema>

/** One application as a card shows it. */
export const appCardSchema = z.object({
  name: z.string(),
  root: z.string(),
  preset: z.string(),
  /** Judged now, from what lay there at `lookedAt`. */
  status: statusSchema,
  lookedAt: instant.optional(),
  running: activeRunSchema.optional(),
  /** Waits for its turn. */
  queued: z.boolean(),
  /** The newest sound restore point, over all vaults. */
  newest: z.object({ id: z.string(), startedAt: instant, sizeBytes: count, contentBytes: count, fileName: z.string(), verifiedAt: instant.optional() }).optional(),
  /** When the newest verified one was made. */
  verifiedPointAt: instant.optional(),
  schedule: z.object({ text: z.string(), timezone: z.string().optional(), next: instant.optional() }).optional(),
  days: z.array(daySchema).length(30),
  /** Sizes of the newest complete points, oldest first, for a small chart. */
  sizes: z.array(z.object({ at: instant, sizeBytes: count })),
  destinations: z.array(destinationStateSchema),
  points: count,
  parts: z.array(z.string()),
  /** Neither its configuration nor its newest full point has a database. */
  noDatabases: z.boolean().optional(),
  /** The command that makes a backup of it. */
  command: z.string(),
})
export type AppCard = z.infer<typeof appCardSchema>

/** `GET /api/apps`; `GET /api/status` is the same with less. */
export const overviewSchema = z.object({
  version: z.literal(1),
  /** How all stand, in one honest sentence's parts: the dashboard says it in its language. */
  protected: count,
  total: count,
  /** So many of them were not looked at since the server was started: nothing is known of them yet, and they are not among `apps`. */
  unseen: count,
  sentence: z.string(),
  apps: z.array(appCardSchema),
  /** Notifiers and exporters that do not work. */
  reporting: z.array(z.object({ name: z.string(), state: z.enum(['ok', 'failed', 'unknown']), text: z.string(), at: instant.optional() })),
  judgedAt: instant,
})
export type Overview = z.infer<typeof overviewSchema>

/** `GET /api/status`. */
export const statusReportSchema = z.object({
  version: z.literal(1),
  state: z.enum(['ok', 'warning', 'failed']),
  sentence: z.string(),
  protected: count,
  total: count,
  /** So many of them are not known yet, and not among `apps`; the state is no better than `warning` then. */
  unseen: count,
  apps: z.array(statusSchema),
  judgedAt: instant,
})
export type StatusReport = z.infer<typeof statusReportSchema>

/** A restore point with all places where copies of it lie. */
const pointSchema = z.object({
  ...snapshotSchema.shape,
  fileName: z.string(),
  /** Where it lies; what is told above is of the soundest of them. */
  copies: z.array(z.object({ vault: z.string(), id: z.string(), verifiedAt: instant.optional(), damagedAt: instant.optional() })),
  preset: z.string().optional(),
  commands: z.object({ restore: z.string(), verify: z.string(), remove: z.string(), show: z.string() }),
})
export type Point = z.infer<typeof pointSchema>

/** `GET /api/apps/:app/points?cursor=&limit=`, newest first. */
export const pointsPageSchema = z.object({ points: z.array(pointSchema), total: count, next: z.string().optional() })
export type PointsPage = z.infer<typeof pointsPageSchema>
