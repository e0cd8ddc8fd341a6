import type { TicketState } from '../../model/api/runs.ts'
import type { RunReport } from '../../model/run-report.ts'

/** Somebody else is at work, or what was asked for cannot be: whoever asked is told, and nothing has failed. */
const harmless: ReadonlySet<string> = new Set(['lock.held', 'usage'])

/** What was asked for as a backup and failed before its run began, so that no journal tells of it, as a run; undefined for all else. */
export function unbegunRun({ ticket, app, what, state, run, outcome, error, askedAt, askedBy }: TicketState): RunReport | undefined {
  if ((what !== 'backup' && what !== 'touch') || state !== 'ended' || outcome !== 'failed' || run !== undefined || harmless.has(error?.code ?? '')) return undefined
  return {
    run: ticket, kind: 'backup', app, user: askedBy, startedAt: askedAt, finishedAt: askedAt, outcome, ...(error === undefined ? {} : { error }),
    files: 0, bytes: 0, warnings: [], warningCount: 0, notes: [], noteCount: 0, databases: [], saved: [], verified: [], removed: [],
  }
}
