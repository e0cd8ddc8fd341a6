import { z } from 'zod'

/** What is remembered of the backups that the first use of a day starts. */
export const touchRecordSchema = z.object({
  /** The calendar day (`2026-11-21`, local) on which the last whole full one began. */
  doneDay: z.string().optional(),
  /** When one was last begun. */
  triedAt: z.iso.datetime().optional(),
  /** How many in a row have failed since. */
  failures: z.int().nonnegative().default(0),
  /** What the last one failed of. */
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})
export type TouchRecord = z.infer<typeof touchRecordSchema>

export type TouchVerdict = { readonly state: 'due' } | { readonly state: 'done' } | { readonly state: 'waiting'; readonly until: Date }

const minuteMs = 60_000
const shortestMs = 30 * minuteMs
const longestMs = 8 * 60 * minuteMs

/**
 * Whether a use of the application starts a backup now: where today none has begun that then ended well, and the last attempt is
 * long enough ago: 30 minutes, twice as long after each further failure, 8 hours at most.
 */
export function judgeTouch({ doneDay, triedAt, failures }: TouchRecord, now: Date): TouchVerdict {
  if (doneDay === localDay(now)) return { state: 'done' }
  if (triedAt === undefined) return { state: 'due' }
  const tried = Date.parse(triedAt)
  // One from the future was written by a clock that was wrong; one from this moment by somebody who came at the same time.
  if (tried > now.getTime() + minuteMs) return { state: 'due' }
  const until = new Date(tried + Math.min(longestMs, shortestMs * 2 ** Math.max(0, failures - 1)))
  return until <= now ? { state: 'due' } : { state: 'waiting', until }
}

/** The calendar day in the local zone: `2026-11-21`. */
export function localDay(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}
