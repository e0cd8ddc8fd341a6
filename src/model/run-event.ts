import { z } from 'zod'
import { databaseFactsSchema, remarkSchema, snapshotSchema } from './restore-point.ts'

/** `plan`: a restore that only says what it would do. */
export const runKindSchema = z.enum(['backup', 'restore', 'plan', 'verify', 'forget', 'thaw'])
export type RunKind = z.infer<typeof runKindSchema>

const phaseSchema = z.enum([
  'prepare', 'live-hook', 'dump', 'freeze', 'files', 'thaw', 'seal', 'verify', 'retention', 'after-hook',
  'plan', 'stage', 'before-hook', 'safety', 'swap', 'import', 'metadata', 'check', 'rollback',
])
export type Phase = z.infer<typeof phaseSchema>

export const outcomeSchema = z.enum(['ok', 'partial', 'failed', 'interrupted'])
export type Outcome = z.infer<typeof outcomeSchema>

const count = z.int().nonnegative()
const failureSchema = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() })

/** What happens in a run. The journal adds `seq` (1, 2, …) and `at`. */
const runEventBodySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run.started'), run: z.string(), kind: runKindSchema, app: z.string(), host: z.string(), user: z.string(), pid: count, version: z.string() }),
  z.object({ type: z.literal('run.phase'), phase: phaseSchema, totalFiles: count.optional(), totalBytes: count.optional() }),
  z.object({ type: z.literal('run.progress'), files: count, bytes: count, path: z.string().optional() }),
  /** Something that belongs in the result could not be read or done: the outcome is `partial`. */
  z.object({ type: z.literal('run.warning'), ...remarkSchema.shape }),
  /** Something worth knowing that takes nothing from the result: the outcome stays `ok`. */
  z.object({ type: z.literal('run.note'), ...remarkSchema.shape }),
  z.object({ type: z.literal('hook.output'), hook: z.string(), line: z.string() }),
  z.object({ type: z.literal('containers.frozen'), names: z.array(z.string()) }),
  z.object({ type: z.literal('containers.thawed'), names: z.array(z.string()) }),
  z.object({ type: z.literal('dump.finished'), database: databaseFactsSchema }),
  z.object({ type: z.literal('snapshot.saved'), vault: z.string(), snapshot: snapshotSchema }),
  z.object({ type: z.literal('snapshot.verified'), id: z.string(), ok: z.boolean() }),
  z.object({ type: z.literal('snapshot.removed'), vault: z.string(), id: z.string(), key: z.string(), reason: z.string() }),
  z.object({ type: z.literal('run.finished'), outcome: outcomeSchema, error: failureSchema.optional() }),
])
export type RunEventBody = z.infer<typeof runEventBodySchema>

export const runEventSchema = z.intersection(z.object({ seq: count, at: z.iso.datetime() }), runEventBodySchema)
export type RunEvent = z.infer<typeof runEventSchema>
