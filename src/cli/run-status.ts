import { exitStatusOf } from '../kit/error-codes.ts'
import type { Outcome } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'

const statusOf: Readonly<Record<Outcome, number>> = { ok: 0, partial: 3, failed: 1, interrupted: exitStatusOf('interrupted') }

/** The exit status of a run that ended without an error: 3 when something could not be read or done. */
export function exitStatusOfRun(report: RunReport): number {
  return report.outcome === undefined ? 1 : statusOf[report.outcome]
}
