const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const

/** Bytes for people in their language, in decimal units with at most three digits: `1.5 MB`, in French `1,5 Mo`. */
export function formatBytes(bytes: number, locale: string): string {
  let value = bytes
  let unit = 0
  // 999.5 and more would be printed as 1000.
  while (Math.abs(value) >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[unit] ?? 'byte', unitDisplay: 'short', maximumSignificantDigits: 3 }).format(unit === 0 ? Math.round(value) : value)
}
