import { formatDuration, parseDuration } from '../kit/duration.ts'
import type { Expectations } from '../model/expectations.ts'
import type { Snapshot } from '../model/restore-point.ts'
import type { StatusReason } from '../model/status.ts'
import { dueMoments } from './due-moments.ts'
import type { Schedule } from './schedule.ts'

export type AgeFacts = {
  readonly every: Expectations['every']
  readonly schedule?: Schedule | undefined
  /** The good points of one vault, newest first. */
  readonly good: readonly Snapshot[]
}

/** `why` goes on with the sentence that tells how old the newest point is. */
export type AgeVerdict = { readonly severity: StatusReason['severity']; readonly why: string }

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** Several of one morning are one occasion. */
const occasionMs = dayMs / 2
const comparedGaps = 7
/** Where nothing tells how often: longer than a week, for weekly ones may be late. */
const unknownMs = 8 * dayMs

/**
 * Whether the newest point is too old: by `every`; else by the schedule; else, with a warning alone, by how far apart the earlier ones
 * usually are, and where there are too few to tell, after 8 days. An application of which nothing is expected says so (`never`).
 */
export function judgeAge({ every, schedule, good: [newest, ...earlier] }: AgeFacts, now: Date): AgeVerdict | undefined {
  if (every === 'never' || newest === undefined) return undefined
  const ageMs = now.getTime() - Date.parse(newest.startedAt)
  if (every !== undefined) return byInterval(ageMs, every)
  return schedule === undefined ? byHabit(ageMs, [newest, ...earlier]) : bySchedule(newest, schedule, now)
}

function byInterval(ageMs: number, every: string): AgeVerdict | undefined {
  const everyMs = parseDuration(every)
  if (ageMs <= everyMs + toleranceMs(everyMs)) return undefined
  return { severity: ageMs > 2 * everyMs ? 'failed' : 'warning', why: `expected is one every ${every}` }
}

/** A run takes some time and timers have jitter: a tenth of the interval, or ten minutes, is no delay. */
function toleranceMs(intervalMs: number): number {
  return Math.max(intervalMs / 10, 10 * minuteMs)
}

function bySchedule(newest: Snapshot, schedule: Schedule, now: Date): AgeVerdict | undefined {
  const [due, next] = dueAfter(newest, schedule)
  if (due === undefined) return undefined
  const late = schedule.jitterMs + (next === undefined ? 10 * minuteMs : toleranceMs(next - due))
  if (now.getTime() <= due + late) return undefined
  return { severity: next !== undefined && now.getTime() > next ? 'failed' : 'warning', why: `by its schedule one was due ${formatDuration(now.getTime() - due)} ago` }
}

/** The same points are judged at each question, and calendars are slow. */
const known = new WeakMap<Snapshot, { readonly schedule: Schedule; readonly moments: readonly number[] }>()

/** The next two times of the schedule after a point; clocks are corrected, so one begun a moment too early answers its own time. */
function dueAfter(point: Snapshot, schedule: Schedule): readonly number[] {
  const before = known.get(point)
  if (before?.schedule === schedule) return before.moments
  const moments = dueMoments(schedule, new Date(Date.parse(point.startedAt) + minuteMs)).take(2).toArray().map((at) => at.getTime())
  known.set(point, { schedule, moments })
  return moments
}

function byHabit(ageMs: number, newestFirst: readonly Snapshot[]): AgeVerdict | undefined {
  const gaps = gapsOf(newestFirst)
  const usualMs = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)]
  const habitMs = usualMs === undefined ? 0 : 3 * usualMs + dayMs
  if (ageMs <= (gaps.length < 2 ? Math.max(unknownMs, habitMs) : habitMs)) return undefined
  const usually = usualMs === undefined || gaps.length < 2 ? 'and nothing tells how often one is expected' : `and usually there is one every ${formatDuration(usualMs)}`
  return { severity: 'warning', why: `${usually} (expect.every says otherwise: a time, or "never")` }
}

/** The newest gaps between occasions. */
function gapsOf(newestFirst: readonly Snapshot[]): readonly number[] {
  const gaps: number[] = []
  let last: number | undefined
  for (const { startedAt } of newestFirst) {
    if (gaps.length === comparedGaps) break
    const madeAt = Date.parse(startedAt)
    if (last !== undefined && last - madeAt >= occasionMs) gaps.push(last - madeAt)
    last = madeAt
  }
  return gaps
}
