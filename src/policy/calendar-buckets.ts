/** The calendar rules, from fine to coarse. */
export const bucketNames = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
type BucketName = (typeof bucketNames)[number]

/** The hour, day, … that an instant falls into: as a key, and readable. */
export type Buckets = Readonly<Record<BucketName, string>>

/**
 * The calendar buckets of an instant in a time zone (IANA name; default: the process's).
 * Weeks are ISO 8601's, Monday to Sunday. The hour that a change from summer time repeats counts as two hours.
 */
export function calendarBuckets(timeZone?: string): (at: Date) => Buckets {
  const formatter = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23', timeZoneName: 'longOffset',
  })
  return (at) => {
    const parts = new Map(formatter.formatToParts(at).map(({ type, value }) => [type, value]))
    const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
    const year = part('year').padStart(4, '0')
    const month = `${year}-${part('month')}`
    const day = `${month}-${part('day')}`
    return {
      hourly: `${day} ${part('hour')}:00 ${part('timeZoneName')}`,
      daily: day,
      weekly: isoWeek(Number(year), Number(part('month')), Number(part('day'))),
      monthly: month,
      yearly: year,
    }
  }
}

/** `2026-W47`: a week belongs to the year that its Thursday is in. */
function isoWeek(year: number, month: number, day: number): string {
  const dayMs = 86_400_000
  const date = Date.UTC(year, month - 1, day)
  const weekday = (new Date(date).getUTCDay() + 6) % 7
  const thursday = new Date(date + (3 - weekday) * dayMs)
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1)
  const week = Math.floor((thursday.getTime() - first) / (7 * dayMs)) + 1
  return `${thursday.getUTCFullYear()}-W${String(week).padStart(2, '0')}`
}
