import { dueMoments } from './due-moments.ts'
import type { Schedule } from './schedule.ts'

export type PlannedRun = { readonly dueAt: Date; readonly startAt: Date }

/**
 * The runs that a schedule asks for after `from` and until `to`, oldest first. Where it has jitter each begins at a moment of its own
 * within it, and never after the next one is due; the moment hangs on application and time alone, so that a restart chooses the same.
 */
export function expectedRuns(app: string, schedule: Schedule, from: Date, to: Date, limit = Number.POSITIVE_INFINITY): readonly PlannedRun[] {
  const runs: PlannedRun[] = []
  for (const run of plannedRuns(app, schedule, from)) {
    if (run.dueAt > to || runs.length >= limit) break
    runs.push(run)
  }
  return runs
}

/** When the application's next run begins; undefined where none comes. */
export function nextStart(app: string, schedule: Schedule, now: Date): Date | undefined {
  for (const { startAt } of plannedRuns(app, schedule, new Date(now.getTime() - schedule.jitterMs - 1))) {
    if (startAt > now) return startAt
  }
  return undefined
}

function* plannedRuns(app: string, schedule: Schedule, from: Date): Generator<PlannedRun, void, undefined> {
  let previous: Date | undefined
  for (const next of dueMoments(schedule, from)) {
    if (previous !== undefined) yield { dueAt: previous, startAt: startOf(app, previous, Math.min(schedule.jitterMs, next.getTime() - previous.getTime() - 1)) }
    previous = next
  }
  if (previous !== undefined) yield { dueAt: previous, startAt: startOf(app, previous, schedule.jitterMs) }
}

function startOf(app: string, dueAt: Date, jitterMs: number): Date {
  return new Date(dueAt.getTime() + Math.floor(fraction(`${app}\0${dueAt.toISOString()}`) * jitterMs))
}

/** A number from 0 up to 1 that looks random: FNV-1a over the UTF-16 units, mixed by MurmurHash3's last step, as FNV's upper bits alone hardly move. */
function fraction(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
