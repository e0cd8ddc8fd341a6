import { z } from 'zod'
import { outcomeSchema, runKindSchema } from '../run-event.ts'
import { scopeSchema } from '../restore-point.ts'

const instant = z.iso.datetime()
const count = z.int().nonnegative()

/** One line of an application's history. */
const runLineSchema = z.object({
  run: z.string(), app: z.string(), kind: runKindSchema, startedAt: instant, finishedAt: instant.optional(),
  /** Absent while it runs. */
  outcome: outcomeSchema.optional(),
  warnings: count,
  bytes: count,
  points: z.array(z.string()),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
})
export type RunLine = z.infer<typeof runLineSchema>

/** `GET /api/apps/:app/runs?limit=&cursor=`. */
export const runsPageSchema = z.object({ runs: z.array(runLineSchema), next: z.string().optional() })
export type RunsPage = z.infer<typeof runsPageSchema>

/** `POST /api/apps/:app/backup`. */
export const backupRequestSchema = z.strictObject({
  scope: scopeSchema.optional(),
  without: z.array(z.string()).optional(),
  /** An update of the application waits for it: said in its journal, and to Jeedom. */
  beforeUpdate: z.boolean().optional(),
})
/** What every request that starts a run answers (202): its ticket. Events of a ticket: `GET /api/tickets/:ticket/events` (SSE). */
export const ticketSchema = z.object({ ticket: z.string() })
export type Ticket = z.infer<typeof ticketSchema>

/**
 * What a run that was asked for has come to: `GET /api/tickets/:ticket`. A plan's or a comparison's answer is its `result`;
 * `command` is the command line that does the same.
 */
export const ticketStateSchema = z.object({
  ticket: z.string(), app: z.string(), what: z.enum(['backup', 'restore', 'verify', 'remove', 'plan', 'diff', 'import', 'undo', 'resume', 'rollback', 'touch']),
  state: z.enum(['queued', 'running', 'ended']),
  run: z.string().optional(),
  /** Whose journal has the run, where that is another application: a restore into its folder. */
  runApp: z.string().optional(),
  /** A restore into another folder than the application's own, and the command line that undoes it; `POST /api/apps/:app/restore/undo/:ticket` does the same. */
  elsewhere: z.object({ folder: z.string(), undo: z.string() }).optional(),
  askedAt: instant,
  askedBy: z.string(),
  command: z.string(),
  outcome: outcomeSchema.optional(),
  result: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
})
export type TicketState = z.infer<typeof ticketStateSchema>

/** `POST /api/apps/:app/touch`: how the first use of the day stands. */
export const touchAnswerSchema = z.object({ state: z.enum(['started', 'running', 'done', 'waiting']), until: instant.optional() })
export type TouchAnswerBody = z.infer<typeof touchAnswerSchema>
