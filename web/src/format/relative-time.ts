const steps = [['year', 31_557_600_000], ['month', 2_629_800_000], ['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]] as const

/** How long ago or ahead a moment is, rounded down so that nothing looks fresher or nearer than a whole unit: `3 hours ago`. */
export function formatRelative(at: string, now: number, locale: string): string {
  const distanceMs = Date.parse(at) - now
  const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  for (const [unit, sizeMs] of steps) {
    if (Math.abs(distanceMs) >= sizeMs) return words.format(Math.trunc(distanceMs / sizeMs), unit)
  }
  return words.format(0, 'second')
}
