import type { StatusReport } from '../model/api/overview.ts'
import type { Status } from '../model/status.ts'
import { overviewSentence } from './overview-sentence.ts'

/** How all stand, for programs. `unseen`: so many more were not looked at yet. */
export function statusReport(statuses: readonly Status[], judgedAt: string, unseen = 0): StatusReport {
  const failed = statuses.some(({ state, reasons }) => state === 'never' || reasons.some(({ severity }) => severity === 'failed'))
  const state = failed ? 'failed' : unseen > 0 || statuses.some(({ reasons }) => reasons.length > 0) ? 'warning' : 'ok'
  return { version: 1, state, ...overviewSentence(statuses, unseen), unseen, apps: [...statuses], judgedAt }
}
