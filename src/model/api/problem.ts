import { z } from 'zod'

/** What every answer with a status from 400 on holds; `code` stands in the reference of error codes. */
export const problemSchema = z.object({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  /** Set with `access.step-up`: the password is to be given again (`POST /api/step-up`), then the same request. */
  stepUp: z.literal(true).optional(),
})
export type Problem = z.infer<typeof problemSchema>
