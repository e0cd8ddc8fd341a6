import { writeDurably } from '../disk/durable.ts'
import type { StatusReport } from '../model/api/overview.ts'

/**
 * Writes the status of all applications as JSON, whole or not at all.
 *
 * @param mode permission bits, such as 0o644 for everybody.
 * @throws AppError `storage.full`, `storage.denied`, `restore.failed`.
 */
export function writeStatusFile(path: string, report: StatusReport, mode: number): void {
  writeDurably(path, `${JSON.stringify(report, null, 2)}\n`, { mode })
}
