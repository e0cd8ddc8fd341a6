import type { Scope } from '../model/restore-point.ts'
import type { RunReport } from '../model/run-report.ts'

/** What a check is told at the end of a run; `log` changes nothing of its state. */
export type EndPing = { readonly kind: 'success' | 'fail' | 'log'; readonly text: string }

/**
 * Only a backup in which nothing is missing, of what the application's backups usually save, is a success: the check must raise the alarm
 * where none came. Other runs are told only where they did not end well.
 */
export function pingOfRun({ kind, app, outcome, error, saved, warnings }: RunReport, scope: Scope): EndPing | undefined {
  const lines = [`${kind} of ${app}: ${outcome ?? 'interrupted'}`, ...(error === undefined ? [] : [error.message, ...(error.hint === undefined ? [] : [error.hint])]), ...warnings.slice(0, 10).map(({ message }) => message)]
  const text = lines.join('\n')
  if (kind !== 'backup') return outcome === 'ok' ? undefined : { kind: 'log', text }
  if (outcome !== 'ok') return { kind: 'fail', text }
  return { kind: saved.some((point) => point.scope === scope && point.complete) ? 'success' : 'log', text }
}
