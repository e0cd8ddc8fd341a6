/** A moment as a clock on the wall shows it; every part with its leading zeros. */
export type WallClock = {
  readonly year: string
  readonly month: string
  readonly day: string
  readonly hour: string
  readonly minute: string
  readonly second: string
  /** 1 is Monday, 7 Sunday (ISO 8601). */
  readonly weekday: number
}

/** @param timeZone an IANA name; by default the process's zone. */
export function wallClock(at: Date, timeZone?: string): WallClock {
  const parts = new Map(new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  }).formatToParts(at).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  const [year, month, day] = [part('year'), part('month'), part('day')]
  return { year, month, day, hour: part('hour'), minute: part('minute'), second: part('second'), weekday: new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDay() || 7 }
}
