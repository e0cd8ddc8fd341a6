import type { Snapshot } from '../model/restore-point.ts'

const dayMs = 86_400_000

/**
 * How long before `from` (milliseconds) each point was made, where a time without any counts as a day, or a quarter of `spanMs`, at most.
 * By how much time has passed nothing else is measured than by one clock, which may have been wrong: of a jump of a year, or after a year
 * without backups, all points would be too old at once.
 */
export function coveredAges(newestFirst: readonly Snapshot[], from: number, spanMs: number): ReadonlyMap<Snapshot, number> {
  const longestMs = Math.max(dayMs, spanMs / 4)
  const ages = new Map<Snapshot, number>()
  let ageMs = 0
  let last = from
  for (const point of newestFirst) {
    const madeAt = Date.parse(point.startedAt)
    ageMs += Math.min(longestMs, last - madeAt)
    last = madeAt
    ages.set(point, ageMs)
  }
  return ages
}
