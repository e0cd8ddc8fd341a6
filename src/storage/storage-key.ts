import { AppError } from '../kit/app-error.ts'
import { temporaryPrefix } from '../kit/temporary-name.ts'

/**
 * Checks a key: parts divided by `/`, none empty, `.` or `..`, none that looks like a temporary of ours.
 * @throws AppError `storage.failed`.
 */
export function requireKey(key: string): void {
  const parts = key.split('/')
  const bad = key.includes('\0') || parts.some((part) => part === '' || part === '.' || part === '..' || part.startsWith(temporaryPrefix))
  if (bad) throw new AppError('storage.failed', `${JSON.stringify(key)} is no name that can be stored`, { hint: 'Use a relative path without "." and "..".' })
}

/** Checks a range of `sizeBytes` bytes. @throws AppError `storage.failed`. */
export function requireRange(range: { start: number; end: number } | undefined, sizeBytes: number, key: string): { start: number; end: number } {
  if (range === undefined) return { start: 0, end: sizeBytes }
  if (range.start < 0 || range.start > range.end || range.end > sizeBytes) {
    throw new AppError('storage.failed', `${key} has ${sizeBytes} bytes; ${range.start} to ${range.end} were asked for`)
  }
  return range
}
