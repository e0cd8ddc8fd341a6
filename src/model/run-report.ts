import type { DatabaseFacts, Remark, Snapshot } from './restore-point.ts'
import type { Outcome, Phase, RunEvent, RunKind } from './run-event.ts'

/** What is known of a run after some of its events; the progress bar, the status and notices are all made from it. */
export type RunReport = {
  readonly run: string
  readonly kind: RunKind
  readonly app: string
  readonly user: string
  readonly startedAt: string
  readonly finishedAt?: string
  readonly phase?: Phase
  readonly phaseStartedAt?: string
  readonly totalFiles?: number
  readonly totalBytes?: number
  readonly files: number
  readonly bytes: number
  readonly path?: string
  /** The first ones; `warningCount` counts all. */
  readonly warnings: readonly Remark[]
  readonly warningCount: number
  readonly notes: readonly Remark[]
  readonly noteCount: number
  readonly databases: readonly DatabaseFacts[]
  readonly saved: readonly (Snapshot & { readonly vault: string })[]
  readonly verified: readonly { readonly id: string; readonly ok: boolean }[]
  readonly removed: readonly { readonly vault: string; readonly id: string; readonly key: string; readonly reason: string }[]
  readonly outcome?: Outcome
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined }
}

/** A run with a million unreadable files must not fill the memory or the manifest. */
export const remarksKept = 1000

/** One pure step; starts from undefined with `run.started`. Events that come before it are ignored. */
export function reduceRun(report: RunReport | undefined, event: RunEvent): RunReport | undefined {
  if (event.type === 'run.started') {
    return {
      run: event.run, kind: event.kind, app: event.app, user: event.user, startedAt: event.at,
      files: 0, bytes: 0, warnings: [], warningCount: 0, notes: [], noteCount: 0, databases: [], saved: [], verified: [], removed: [],
    }
  }
  if (report === undefined) return undefined
  switch (event.type) {
    case 'run.phase':
      return {
        ...report, phase: event.phase, phaseStartedAt: event.at, files: 0, bytes: 0,
        ...(event.totalFiles === undefined ? {} : { totalFiles: event.totalFiles }),
        ...(event.totalBytes === undefined ? {} : { totalBytes: event.totalBytes }),
      }
    case 'run.progress':
      return { ...report, files: event.files, bytes: event.bytes, ...(event.path === undefined ? {} : { path: event.path }) }
    case 'run.warning':
      return { ...report, warningCount: report.warningCount + 1, warnings: withRemark(report.warnings, event) }
    case 'run.note':
      return { ...report, noteCount: report.noteCount + 1, notes: withRemark(report.notes, event) }
    case 'dump.finished':
      return { ...report, databases: [...report.databases, event.database] }
    case 'snapshot.saved':
      return { ...report, saved: [...report.saved, { ...event.snapshot, vault: event.vault }] }
    case 'snapshot.verified':
      return { ...report, verified: [...report.verified, { id: event.id, ok: event.ok }] }
    case 'snapshot.removed':
      return { ...report, removed: [...report.removed, { vault: event.vault, id: event.id, key: event.key, reason: event.reason }] }
    case 'run.finished':
      return { ...report, finishedAt: event.at, outcome: event.outcome, ...(event.error === undefined ? {} : { error: event.error }) }
    case 'hook.output':
    case 'containers.frozen':
    case 'containers.thawed':
      return report
  }
}

function withRemark(remarks: readonly Remark[], event: Remark): readonly Remark[] {
  if (remarks.length >= remarksKept) return remarks
  return [...remarks, { code: event.code, message: event.message, ...(event.path === undefined ? {} : { path: event.path }) }]
}
