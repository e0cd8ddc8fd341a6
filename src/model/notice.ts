import { z } from 'zod'

/** What somebody is told. `overdue`: what should have happened did not. */
const noticeKindSchema = z.enum(['failure', 'recovery', 'overdue', 'weekly-summary', 'test'])

/** A message for people. Its texts hold no control characters besides line feeds in `text`, and no secrets. */
export const noticeSchema = z.object({
  kind: noticeKindSchema,
  /** Absent where it is about all applications. */
  app: z.string().optional(),
  /** One line. */
  title: z.string(),
  text: z.string(),
  at: z.iso.datetime(),
  severity: z.enum(['failed', 'warning', 'info']),
  /** Where the dashboard shows more. */
  url: z.string().optional(),
})
export type Notice = z.infer<typeof noticeSchema>

/** What somebody wants to be told of. `warning`: what is no failure yet; `summary`: how all stand, once a week. */
export const noticeTopicSchema = z.enum(['failure', 'warning', 'overdue', 'recovery', 'summary'])
export type NoticeTopic = z.infer<typeof noticeTopicSchema>
