import { Cron, CronPattern } from 'croner'

/** Longer than any change of a clock; what a cron line makes of wall times is in order again after it. */
const marginMs = 3 * 3_600_000

/**
 * The moments of a cron line after `after`, in order, each once. Croner knows the calendar and the clock on the wall; which moment
 * a wall time is, is decided here, since days with a change must run exactly once: a time that is skipped comes as much
 * later as the clock is put forward, a time that comes twice counts the first time. A line for every hour (`0 * * * *`) keeps to
 * real time: both of two like hours, and nothing for one that is skipped.
 *
 * @throws RangeError for a time zone that there is not, TypeError for what is no cron line.
 */
export function* dueMoments({ cron, timezone }: { readonly cron: string; readonly timezone?: string }, after: Date): Generator<Date, void, undefined> {
  const zone = timezone ?? Temporal.Now.timeZoneId()
  const lines = new Cron(cron, { mode: '5-part', utcOffset: 0 })
  const everyHour = new CronPattern(cron, undefined, { mode: '5-part' }).hour.every((value) => value !== 0)
  let last = after.getTime()
  let pending: number[] = []
  let wall = lines.nextRun(new Date(wallMs(last, zone) - marginMs))
  while (wall !== null) {
    const moments = momentsOf(wall, zone, everyHour)
    pending.push(...moments)
    // What is still to come lies less than the margin before this one.
    const settledMs = Math.min(...moments) - marginMs
    pending.sort((a, b) => a - b)
    for (const moment of pending.filter((at) => at < settledMs)) {
      if (moment <= last) continue
      last = moment
      yield new Date(moment)
    }
    pending = pending.filter((at) => at >= settledMs)
    wall = lines.nextRun(wall)
  }
  for (const moment of new Set(pending)) if (moment > last) yield new Date(moment)
}

/** The clock on the wall, written as if it were UTC. */
function wallMs(at: number, zone: string): number {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toPlainDateTime().toZonedDateTime('UTC').epochMilliseconds
}

/** The moments at which the wall shows it. */
function momentsOf(wall: Date, zone: string, both: boolean): readonly number[] {
  const plain = Temporal.Instant.fromEpochMilliseconds(wall.getTime()).toZonedDateTimeISO('UTC').toPlainDateTime()
  // `compatible`: the first of two, and in a gap as much later as the gap is long; `later`: the second of two.
  const first = plain.toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds
  return both ? [first, plain.toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds] : [first]
}
