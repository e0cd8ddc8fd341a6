import { z } from 'zod'
import { byteSizeSchema } from './byte-size-schema.ts'
import { durationSchema } from './duration-schema.ts'

/** What a healthy application's restore points look like; the status is judged against it. */
export const expectationsSchema = z.strictObject({
  every: durationSchema.optional().describe('A complete restore point at least this often: `1d`.'),
  minSize: byteSizeSchema.optional().describe('The newest one holds at least this much, before compression: `20MB`.'),
  maxShrink: z.string().regex(/^(?:\d|[1-9]\d|100)%$/, 'a percentage such as 50%').optional().describe('The newest one is at most this much smaller than the earlier ones usually are: `50%`.'),
  gone: z.array(z.string()).optional().describe('Databases and volumes that earlier restore points hold and new ones need not, as they are gone for good.'),
  verifiedWithin: durationSchema.optional().describe('Some restore point was read again and found whole within this time: `7d`.'),
})
export type Expectations = z.infer<typeof expectationsSchema>
