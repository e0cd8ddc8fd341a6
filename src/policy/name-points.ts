import { fileSafe } from '../kit/file-safe.ts'
import type { Scope, Slot } from '../model/restore-point.ts'

/**
 * The default name of a restore point, without the format's extension: `demo_2026-11-20_134339` for a dated one,
 * `demo_rolling_5` (1 is Monday, 7 Sunday) for a rolling one; `_partial` or `_database` follows for those scopes, so that a
 * partial rolling point never replaces a full one. Two different applications never share a rolling name.
 *
 * @param timeZone whose date and time stand in the name; an IANA name, by default the process's zone.
 */
export function namePoint(app: string, slot: Slot, scope: Scope, at: Date, timeZone?: string): string {
  const local = localTime(at, timeZone)
  const what = slot === 'rolling' ? `rolling_${local.weekday}` : `${local.date}_${local.time}`
  return `${fileSafe(app)}_${what}${scope === 'full' ? '' : `_${scope}`}`
}

function localTime(at: Date, timeZone: string | undefined): { date: string; time: string; weekday: number } {
  const parts = new Map(new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    ...(timeZone === undefined ? {} : { timeZone }),
    year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  }).formatToParts(at).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  const date = `${part('year')}-${part('month')}-${part('day')}`
  return { date, time: `${part('hour')}${part('minute')}${part('second')}`, weekday: new Date(`${date}T00:00:00Z`).getUTCDay() || 7 }
}
