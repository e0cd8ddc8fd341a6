import type { ExpectedRun, ExpectedState } from '../model/expected-run.ts'
import type { Scope, Snapshot } from '../model/restore-point.ts'
import type { RunFacts } from './judge-status.ts'

export type ExpectedFacts = {
  /** What the application's backups usually save; only points of this scope count. */
  readonly scope: Scope
  /** What lies in each of its vaults, as far as it was made since `dueAt`. A vault that cannot be read stands with nothing. */
  readonly vaults: readonly { readonly name: string; readonly snapshots: readonly Snapshot[] }[]
  /** Runs of the application in any order; one that is going on has no outcome. */
  readonly runs: readonly RunFacts[]
  /** When the next one of the same origin is due: from then on a run answers that one. */
  readonly nextDueAt?: Date
}
export type ExpectedVerdict = { readonly state: ExpectedState; readonly run?: string }

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const clockToleranceMs = minuteMs
const lateMs = 60 * minuteMs
// After a run the places are listed again; until then nothing is known of them.
const listedWithinMs = 15 * minuteMs

/**
 * How an expectation stands. What counts is a complete, undamaged restore point in every vault, made from `dueAt` on and before
 * the next one is due, whoever made it; what runs say of themselves only tells why there is none. One that waits stays so
 * until it is met: whether it is still begun is for the scheduler to decide.
 */
export function judgeExpected(expected: ExpectedRun, facts: ExpectedFacts, now: Date): ExpectedVerdict {
  const due = Date.parse(expected.dueAt)
  const until = facts.nextDueAt?.getTime() ?? Number.POSITIVE_INFINITY
  // A clock that is corrected by some seconds must not part what was begun from its run; what was not begun has none.
  const from = due - (expected.state === 'waiting' ? 0 : Math.min(clockToleranceMs, (until - due) / 20))
  const isWithin = (at: string): boolean => Date.parse(at) >= from && Date.parse(at) < until && Date.parse(at) <= now.getTime() + clockToleranceMs
  const runs = facts.runs.filter(({ kind, startedAt }) => kind === 'backup' && isWithin(startedAt)).toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
  const madeAt = facts.vaults.map(({ snapshots }) => earliest(snapshots.filter((point) => isWithin(point.startedAt) && point.complete && point.damagedAt === undefined && point.scope === facts.scope)))
  if (madeAt.length > 0 && madeAt.every((at) => at !== undefined)) {
    const at = Math.max(...madeAt)
    const run = runs.find(({ startedAt }) => Date.parse(startedAt) <= at + clockToleranceMs)
    const isLate = at - Date.parse(expected.startAt) > Math.min(lateMs, (until - due) / 2)
    return { state: isLate ? 'late' : 'met', ...(run === undefined ? {} : { run: run.run }) }
  }
  const [newest] = runs
  if (newest === undefined) return { state: withoutRun(expected, Math.min(until, Date.parse(expected.startAt) + dayMs), now) }
  const run = { run: newest.run }
  if (newest.outcome === undefined) return { state: 'started', ...run }
  if (newest.outcome === 'partial') return { state: 'partial', ...run }
  const ended = Date.parse(newest.finishedAt ?? newest.startedAt)
  // It says that all went well, and what it made is not seen.
  if (newest.outcome === 'ok' && now.getTime() - ended < listedWithinMs) return { state: 'started', ...run }
  return { state: 'failed', ...run }
}

function withoutRun({ state }: ExpectedRun, until: number, now: Date): ExpectedState {
  if (state === 'started') return now.getTime() < until ? 'started' : 'missed'
  return state
}

function earliest(points: readonly Snapshot[]): number | undefined {
  return points.length === 0 ? undefined : Math.min(...points.map(({ startedAt }) => Date.parse(startedAt)))
}
