/** A day of a calendar: `2026-11-20`, from its first moment to the first of the next. */
export type LocalDay = { readonly day: string; readonly from: Date; readonly until: Date }

/** The last `count` days, oldest first, today among them. @param timeZone an IANA name; by default the process's zone. */
export function lastDays(now: Date, count: number, timeZone?: string): readonly LocalDay[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone ?? Temporal.Now.timeZoneId()).startOfDay()
  const dates = Array.from({ length: count + 1 }, (_, index) => today.add({ days: index + 1 - count }).startOfDay())
  return dates.slice(0, -1).map((date, index) => ({
    day: date.toPlainDate().toString(),
    from: new Date(date.epochMilliseconds),
    until: new Date((dates[index + 1] ?? date).epochMilliseconds),
  }))
}
