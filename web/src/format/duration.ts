const steps = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]] as const

/** A length of time in its two largest units, rounded down: `3 d 4 h`. */
export function formatDuration(durationMs: number, locale: string): string {
  let restMs = Math.max(0, durationMs)
  const first = steps.findIndex(([, sizeMs]) => restMs >= sizeMs)
  const from = first === -1 ? steps.length - 1 : first
  const parts: string[] = []
  for (const [unit, sizeMs] of steps.slice(from, from + 2)) {
    const count = Math.floor(restMs / sizeMs)
    restMs -= count * sizeMs
    if (count > 0 || parts.length === 0) parts.push(new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(count))
  }
  return parts.join(' ')
}
