import { z } from 'zod'
import { durationPattern } from '../kit/duration.ts'

/** A length of time as people write it, kept as text; kit's `parseDuration` gives milliseconds. */
export const durationSchema = z.string().regex(durationPattern, 'a length of time such as 10m (minutes), 12h, 30d, 6mo or 2y').describe('a length of time: `10m` (minutes), `12h`, `30d`, `6mo`, `2y`')
