import type { ExpectedRun } from '../../src/model/expected-run.ts'
import type { RunFacts } from '../../src/policy/judge-status.ts'

export function sampleExpected(dueAt: string, rest: Partial<ExpectedRun> = {}): ExpectedRun {
  return { app: 'demo', origin: 'schedule', dueAt, startAt: dueAt, state: 'waiting', ...rest }
}

/** A backup that ended five minutes later, unless the test says otherwise. */
export function sampleRun(startedAt: string, rest: Partial<RunFacts> = {}): RunFacts {
  return { run: `run-${startedAt}`, kind: 'backup', startedAt, finishedAt: new Date(Date.parse(startedAt) + 300_000).toISOString(), outcome: 'ok', ...rest }
}
