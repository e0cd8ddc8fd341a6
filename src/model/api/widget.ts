import { z } from 'zod'

/** What a circle of the tile stands for: red for missing, orange for trouble with size or log, green for fine, grey for off. */
const circleSchema = z.enum(['red', 'orange', 'green', 'grey'])
export type Circle = z.infer<typeof circleSchema>

/** Later versions may know further troubles: who shows them says something general of those that it does not know. */
const troubleSchema = z.enum(['missing', 'log-error', 'too-small', 'unreachable', 'overdue', 'unverified', 'damaged', 'unfinished-restore', 'clock', 'other'])
export type Trouble = z.infer<typeof troubleSchema>

/** `GET /api/apps/:app/widget`: all that the widget shows. Little, and nothing secret: a foreign page may show it. */
export const widgetStateSchema = z.object({
  version: z.literal(1),
  app: z.string(),
  /** `none`: no backup was ever begun. */
  action: z.enum(['running', 'done', 'none']),
  /** When the newest sound restore point was made. */
  lastAt: z.iso.datetime().optional(),
  fileName: z.string(),
  sizeBytes: z.int().nonnegative(),
  minSizeBytes: z.int().nonnegative(),
  circles: z.object({ local: circleSchema, network: circleSchema, cloud: circleSchema }),
  /** What is told in words; the widget knows them in each language. */
  troubles: z.array(troubleSchema),
  /** `running`: a backup is under way; the circles tell how things stand beside that. */
  state: z.enum(['ok', 'warning', 'failed', 'never', 'running']),
  judgedAt: z.iso.datetime(),
  /** The server's clock as it answered: how old the judgement was then can be told without trusting the reader's clock. */
  answeredAt: z.iso.datetime(),
})
export type WidgetState = z.infer<typeof widgetStateSchema>
