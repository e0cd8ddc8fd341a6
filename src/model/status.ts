import { z } from 'zod'
import { outcomeSchema, runKindSchema } from './run-event.ts'
import { scopeSchema } from './restore-point.ts'

/** How grave a reason is: `failed` asks for action now, `warning` soon. */
const severitySchema = z.enum(['failed', 'warning'])

/** Why a status is what it is; new codes may come with later versions. */
const statusReasonSchema = z.object({
  code: z.enum([
    'never-ran', 'vault-unreachable', 'vault-empty', 'overdue', 'incomplete', 'damaged', 'missing', 'too-small', 'shrunk', 'unverified', 'clock',
    'run-failed', 'run-partial', 'interrupted', 'unfinished-restore', 'missed', 'skipped',
  ]),
  severity: severitySchema,
  message: z.string(),
  /** The vault that it is about, where it is about one. */
  vault: z.string().optional(),
  /** The kind of run that it is about, where it is about one, and the code of the error that this ended with. */
  run: runKindSchema.optional(),
  error: z.string().optional(),
})
export type StatusReason = z.infer<typeof statusReasonSchema>

const instant = z.iso.datetime()
const count = z.int().nonnegative()

/** One vault's part of the judgement. */
const vaultStatusSchema = z.object({
  name: z.string(),
  reachable: z.boolean(),
  points: count,
  sizeBytes: count,
  /** The newest sound and complete point of the expected scope. */
  newest: z.object({ id: z.string(), startedAt: instant, scope: scopeSchema, sizeBytes: count, contentBytes: count, verifiedAt: instant.optional() }).optional(),
})
export type VaultStatus = z.infer<typeof vaultStatusSchema>

/**
 * One judgement of an application, from expectations and what really lies in its vaults; what `status --json`, exporters
 * and the dashboard give. Fields are added without notice; a change of meaning raises `version`.
 */
export const statusSchema = z.object({
  version: z.literal(1),
  app: z.string(),
  /** `never`: there is no restore point and no backup was tried. `running`: a run is under way; the reasons still hold. */
  state: z.enum(['ok', 'warning', 'failed', 'never', 'running']),
  /** The judgement in one sentence. */
  sentence: z.string(),
  /** The gravest first. */
  reasons: z.array(statusReasonSchema),
  vaults: z.array(vaultStatusSchema),
  lastRun: z.object({ run: z.string(), kind: runKindSchema, startedAt: instant, finishedAt: instant.optional(), outcome: outcomeSchema.optional() }).optional(),
  judgedAt: instant,
})
export type Status = z.infer<typeof statusSchema>
