import type { Snapshot } from '../model/restore-point.ts'

const dayMs = 86_400_000

/**
 * How long before `from` (milliseconds) each point was made. A time without any point that is longer than `spanMs` counts as a quarter of
 * that, or a day, at most: how much time has passed is told by one clock, which may have been wrong, and of a jump of a year, or after
 * a year without backups, all points would be too old at once.
 */
export function coveredAges(newestFirst: readonly Snapshot[], from: number, spanMs: number): ReadonlyMap<Snapshot, number> {
  const longestMs = Math.max(dayMs, spanMs / 4)
  const ages = new Map<Snapshot, number>()
  let ageMs = 0
  let last = from
  for (const point of newestFirst) {
    const madeAt = Date.parse(point.startedAt)
    const gapMs = last - madeAt
    ageMs += gapMs <= spanMs ? gapMs : Math.min(longestMs, gapMs)
    last = madeAt
    ages.set(point, ageMs)
  }
  return ages
}
