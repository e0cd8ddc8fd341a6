import { AppError } from './app-error.ts'

/** What `parseDuration` reads, for schemas and editors. */
export const durationPattern = /^(?=.)(?:\d+y ?)?(?:\d+mo ?)?(?:\d+w ?)?(?:\d+d ?)?(?:\d+h ?)?(?:\d+m ?)?(?:\d+s)?$/

const secondMs = 1000
const dayMs = 86_400 * secondMs
const unitMs: Readonly<Record<string, number>> = {
  y: 366 * dayMs,
  mo: 31 * dayMs,
  w: 7 * dayMs,
  d: dayMs,
  h: 3600 * secondMs,
  m: 60 * secondMs,
  s: secondMs,
}
const shown = ['d', 'h', 'm', 's'] as const

/**
 * Milliseconds from `30d`, `12h`, `1h30m`, `2y 6mo`: y, mo, w, d, h, m (minutes), s, each at most once, largest first.
 * A month counts 31 days and a year 366, the longest there are, so that what is kept by a duration is never removed early.
 *
 * @throws AppError `usage` for what `durationPattern` does not match.
 */
export function parseDuration(text: string): number {
  if (!durationPattern.test(text)) {
    throw new AppError('usage', `"${text}" is no length of time`, { hint: 'Write a number with a unit: 30s, 10m (minutes), 12h, 7d, 4w, 6mo (months), 2y.' })
  }
  let sumMs = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(mo|[ywdhms])/g)) sumMs += Number(count) * (unitMs[unit ?? ''] ?? 0)
  return Math.min(Number.MAX_SAFE_INTEGER, sumMs)
}

/** A length of time for people, its two largest units, rounded down: `3d 4h`, `12m`, `5s`, `0s`. `parseDuration` reads it. */
export function formatDuration(durationMs: number): string {
  let restMs = Math.max(0, Math.floor(durationMs / secondMs) * secondMs)
  const parts: string[] = []
  for (const [index, unit] of shown.entries()) {
    const sizeMs = unitMs[unit] ?? secondMs
    const count = Math.floor(restMs / sizeMs)
    restMs -= count * sizeMs
    if (count > 0) parts.push(`${count}${unit}`)
    // The second unit is the one right below the first: `3d`, not `3d 5s`.
    const first = parts.length > 0
    if (first && (parts.length === 2 || index > 0 && count === 0)) break
  }
  return parts.length === 0 ? '0s' : parts.join(' ')
}
