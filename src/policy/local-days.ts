/** A day of a calendar: `2026-11-20`, from its first moment to the first of the next. */
export type LocalDay = { readonly day: string; readonly from: Date; readonly until: Date }

/** Calendars are slow to ask, and an overview asks for the same days for each application. */
let asked: { readonly zone: string; readonly days: readonly LocalDay[] } | undefined

/** The last `count` days, oldest first, today among them. @param timeZone an IANA name; by default the process's zone. */
export function lastDays(now: Date, count: number, timeZone?: string): readonly LocalDay[] {
  const zone = timeZone ?? Temporal.Now.timeZoneId()
  const today = asked?.days.at(-1)
  if (asked?.zone === zone && asked.days.length === count && today !== undefined && now >= today.from && now < today.until) return asked.days
  const days = countDays(now, count, zone)
  asked = { zone, days }
  return days
}

function countDays(now: Date, count: number, zone: string): readonly LocalDay[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(zone).startOfDay()
  const dates = Array.from({ length: count + 1 }, (_, index) => today.add({ days: index + 1 - count }).startOfDay())
  return dates.slice(0, -1).map((date, index) => ({
    day: date.toPlainDate().toString(),
    from: new Date(date.epochMilliseconds),
    until: new Date((dates[index + 1] ?? date).epochMilliseconds),
  }))
}
