import type { CatalogExpected } from '../../catalog/catalog-expected.ts'
import type { ExpectedRun } from '../../model/expected-run.ts'
import { expectedRuns } from '../../policy/expected-runs.ts'
import type { PlannedRun } from '../../policy/expected-runs.ts'
import type { Schedule } from '../../policy/schedule.ts'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** So much of a downtime is told: as far as the overview looks back. */
const lookBackMs = 31 * dayMs
/** Of a schedule for every minute, neither a long downtime nor the day ahead is written in full. */
const runsWritten = 500
/** Clocks are corrected by seconds all the time; what is more was wrong. */
const clockStepMs = 10 * minuteMs

/**
 * Writes down an application's runs of the next 24 hours, or the next one: from where they were written last, so that those which a
 * downtime swallowed are there too, to be told as missed. Of a schedule that is new or has changed nothing was expected before now.
 *
 * Where the clock was ahead and has been set back, what was written and judged under the wrong time is dropped and expected again:
 * a backup too many, rather than none until the clock has come there once more.
 */
export async function planApp(book: CatalogExpected, app: string, schedule: Schedule, now: Date): Promise<void> {
  const key = JSON.stringify([schedule.cron, schedule.timezone ?? null, schedule.jitterMs])
  const plan = await book.planOf(app)
  const [next] = expectedRuns(app, schedule, now, new Date(8_640_000_000_000_000), 1)
  const horizon = new Date(Math.max(now.getTime() + dayMs, next?.dueAt.getTime() ?? 0))
  let from = now
  if (plan === undefined || plan.schedule !== key) {
    await book.dropWaiting(app, now)
  } else if (plan.plannedUntil.getTime() > horizon.getTime() + clockStepMs) {
    await book.dropAfter(app, new Date(now.getTime() + clockStepMs))
  } else {
    from = new Date(Math.max(plan.plannedUntil.getTime(), now.getTime() - lookBackMs))
  }
  const runs = [...pastRuns(app, schedule, from, now), ...expectedRuns(app, schedule, from > now ? from : now, horizon, runsWritten)]
  // Where the limit ended the list, it goes on from there.
  const plannedUntil = runs.length < runsWritten ? horizon : runs.at(-1)?.dueAt ?? horizon
  await book.plan(app, { schedule: key, plannedUntil: plannedUntil > now ? plannedUntil : now }, runs.map((run) => waiting(app, run)))
}

/** The last ones of a downtime; for a schedule of many the earlier ones are left out. */
function pastRuns(app: string, schedule: Schedule, from: Date, now: Date): readonly PlannedRun[] {
  for (let begin = from; begin < now; begin = new Date((begin.getTime() + now.getTime()) / 2)) {
    const runs = expectedRuns(app, schedule, begin, now, runsWritten)
    if (runs.length < runsWritten) return runs
  }
  return []
}

function waiting(app: string, { dueAt, startAt }: PlannedRun): ExpectedRun {
  return { app, origin: 'schedule', dueAt: dueAt.toISOString(), startAt: startAt.toISOString(), state: 'waiting' }
}
