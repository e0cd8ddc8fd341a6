import { z } from 'zod'
import { durationPattern } from '../kit/duration.ts'
import { byteSizeSchema } from './byte-size-schema.ts'
import { durationSchema } from './duration-schema.ts'

const everySchema = z.string().regex(new RegExp(`^never$|${durationPattern.source}`), 'a length of time such as 10m (minutes), 12h, 30d, 6mo or 2y, or never')
const momentSchema = z.string().regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,3})?)?Z)?$/, 'a day or a moment such as 2026-11-29 or 2026-11-29T03:00:00Z')

/** What a healthy application's restore points look like; the status is judged against it. */
export const expectationsSchema = z.strictObject({
  every: everySchema.optional().describe('A complete restore point at least this often: `1d`. By default its schedule says how often; without one a warning comes when it is much later than usual. `never`: none is expected.'),
  minSize: byteSizeSchema.optional().describe('The newest one holds at least this much, before compression: `20MB`.'),
  gone: z.array(z.string()).optional().describe('Databases and volumes that earlier restore points hold and new ones need not, as they are gone for good.'),
  maxShrink: z.string().regex(/^(?:\d|[1-9]\d|100)%$/, 'a percentage such as 50%').optional().describe('The newest one is at most this much smaller than the earlier ones usually are: `50%`. While it is smaller, the rules of what to keep remove nothing.'),
  usualSince: momentSchema.optional().describe('Accepts a smaller size: only restore points that were made since then say what is usual. The status names the moment.'),
  verifiedWithin: durationSchema.optional().describe('Some restore point was read again and found whole within this time: `7d`.'),
})
export type Expectations = z.infer<typeof expectationsSchema>
