import { useSyncExternalStore } from 'react'
import type { ActiveRunInfo } from '../../../src/model/api/overview.ts'
import type { RunEvent } from '../../../src/model/run-event.ts'
import type { RunReport } from '../../../src/model/run-report.ts'
import { reduceRun } from '../../../src/model/run-report.ts'

/** Runs under way, as the one stream of events tells them, by the run's id. Ended ones stay for the page that shows them. */
const reports = new Map<string, RunReport>()
const listeners = new Set<() => void>()
const keptMost = 50

/** Takes an event. A run whose begin was missed is known from what the overview says of it. */
export function takeEvent(run: string, event: RunEvent, known?: ActiveRunInfo): void {
  const before = reports.get(run) ?? (known === undefined ? undefined : begun(known))
  const after = reduceRun(before, event)
  if (after === undefined || after === before) return
  reports.set(run, after)
  if (reports.size > keptMost) for (const [id, { finishedAt }] of reports) if (finishedAt !== undefined && reports.size > keptMost) reports.delete(id)
  for (const listener of listeners) listener()
}

export function useRunReport(run: string | undefined): RunReport | undefined {
  return useSyncExternalStore(subscribe, () => run === undefined ? undefined : reports.get(run))
}

function begun({ run, kind, app, startedAt }: ActiveRunInfo): RunReport | undefined {
  return reduceRun(undefined, { type: 'run.started', seq: 0, at: startedAt, run, kind, app, host: '', user: '', pid: 0, version: '' })
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
