import { AppError } from './app-error.ts'

/** What `parseByteSize` reads, for schemas and editors. */
export const byteSizePattern = /^\d+(?:\.\d+)? ?(?:B|[kKMGTP]B?|[KMGTP]iB)?$/

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/**
 * Bytes from `500MB`, `1.5 GiB`, `20G` or a plain number. kB, MB, GB, … count 1000 as disks are sold; KiB, MiB, … and the
 * bare letters K, M, G, … count 1024 as GNU tools do. A fraction of a byte is rounded down; more than 2^53 - 1 is that.
 *
 * @throws AppError `usage` for what `byteSizePattern` does not match.
 */
export function parseByteSize(text: string): number {
  if (byteSizePattern.test(text)) return Math.min(Number.MAX_SAFE_INTEGER, Math.floor(Number.parseFloat(text) * unitBytes(text)))
  throw new AppError('usage', `"${text}" is no size`, { hint: 'Write a number with a unit: 500MB, 1.5GiB, 20G.' })
}

/** Bytes for people, in decimal units with three digits: `0 B`, `999 B`, `1.5 kB`, `12.3 MB`, `123 GB`. */
export function formatByteSize(sizeBytes: number): string {
  let value = sizeBytes
  let unit = 0
  // 999.5 and more would be printed as 1000.
  while (Math.abs(value) >= (unit === 0 ? 1000 : 999.5) && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? Math.round(value) : threeDigits(value)} ${units[unit] ?? 'B'}`
}

function threeDigits(value: number): string {
  const fixed = value.toFixed(Math.abs(value) < 9.995 ? 2 : Math.abs(value) < 99.95 ? 1 : 0)
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed
}

function unitBytes(text: string): number {
  const unit = text.replace(/^[\d.]+ ?/, '')
  const power = 'BKMGTP'.indexOf((unit[0] ?? 'B').toUpperCase())
  return (unit.length === 2 || power === 0 ? 1000 : 1024) ** power
}
