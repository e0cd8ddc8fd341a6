import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { writeDurably } from '../../disk/durable.ts'
import { noticeSchema } from '../../model/notice.ts'
import { notifyMemorySchema } from '../../policy/notify-rules.ts'

const notifierStateSchema = z.object({
  memory: notifyMemorySchema.optional(),
  /** Decided and not delivered yet, oldest first. */
  pending: z.array(noticeSchema),
  outcome: z.object({ state: z.enum(['ok', 'failed']), text: z.string(), at: z.iso.datetime() }).optional(),
})
/** What is remembered of one notifier, over restarts: what was told, what is still to be delivered, how it went last. */
export type NotifierState = z.infer<typeof notifierStateSchema>

const reportingStateSchema = z.object({ version: z.literal(1), notifiers: z.record(z.string(), notifierStateSchema) })

/** An unreadable file is as none: what stands is then told once more, and nothing is left untold. */
export function readReportingState(file: string): ReadonlyMap<string, NotifierState> {
  try {
    const { notifiers } = reportingStateSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
    return new Map(Object.entries(notifiers))
  } catch {
    return new Map()
  }
}

/** @throws AppError `storage.full`, `storage.denied`, `restore.failed`. */
export function writeReportingState(file: string, notifiers: ReadonlyMap<string, NotifierState>): void {
  writeDurably(file, JSON.stringify({ version: 1, notifiers: Object.fromEntries(notifiers) } satisfies z.infer<typeof reportingStateSchema>), { mode: 0o600 })
}
