import type { DayState } from '../model/api/overview.ts'
import type { ExpectedRun } from '../model/expected-run.ts'
import type { RunFacts } from './judge-status.ts'
import type { LocalDay } from './local-days.ts'

export type StripDay = { readonly day: string; readonly state: DayState; readonly text: string }
type StripRun = Pick<RunFacts, 'run' | 'kind' | 'startedAt' | 'outcome' | 'error'>

/**
 * What each day was like: of its backups and of what was expected on it the worst. A failure after which a backup of the same
 * day went well is a warning, as is one that was made up for on another day. Runs that are going on and times that have not
 * come say nothing.
 *
 * @param days in order and without gaps, as `lastDays` gives them.
 */
export function dayStrip(expected: readonly ExpectedRun[], runs: readonly StripRun[], days: readonly LocalDay[]): readonly StripDay[] {
  const expectedOn = byDay(expected, ({ dueAt }) => dueAt, days)
  const runsOn = byDay(runs.filter(({ kind, outcome }) => kind === 'backup' && outcome !== undefined), ({ startedAt }) => startedAt, days)
  const startOf = new Map(runs.map(({ run, startedAt }) => [run, startedAt]))
  return days.map((day, index) => ({ day: day.day, ...judgeDay(expectedOn[index] ?? [], runsOn[index] ?? [], day, startOf) }))
}

function judgeDay(expected: readonly ExpectedRun[], runs: readonly StripRun[], { until }: LocalDay, startOf: ReadonlyMap<string, string>): Omit<StripDay, 'day'> {
  const oldestFirst = runs.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
  const ok = oldestFirst.filter(({ outcome }) => outcome === 'ok')
  const partial = oldestFirst.filter(({ outcome }) => outcome === 'partial')
  const failed = oldestFirst.filter(({ outcome }) => outcome === 'failed' || outcome === 'interrupted')
  const told = new Set(runs.map(({ run }) => run))
  // One whose run is known is told by the run, unless the run says that all went well and nothing lies there.
  const unseen = expected.filter(({ state, run }) => state === 'failed' && (run === undefined || !failed.some((each) => each.run === run)))
  const missed = expected.filter(({ state }) => state === 'missed')
  const skipped = expected.filter(({ state }) => state === 'skipped')
  const elsewhere = expected.filter(({ state, run }) => (state === 'late' || state === 'met') && run !== undefined && !told.has(run))
  // Of old days only the expectation tells: the runs' own reports are not kept at hand for ever.
  const incomplete = expected.filter(({ state, run }) => state === 'partial' && (run === undefined || !told.has(run)))
  const madeUp = elsewhere.filter(({ state, run }) => state === 'late' && Date.parse(startOf.get(run ?? '') ?? '') >= until.getTime())
  const texts = [
    count(failed.length, 'failed', reasonOf(failed.at(-1))),
    count(unseen.length, 'failed', unseen.length === 0 ? undefined : 'no restore point lies where it should'),
    count(missed.length, 'missed'),
    count(skipped.length, 'skipped', skipped.length === 0 ? undefined : 'another run was at work'),
    count(partial.length + incomplete.length, 'with warnings'),
    count(madeUp.length, 'made up for later'),
    count(Math.max(ok.length, elsewhere.length - madeUp.length), 'ok'),
  ].filter((text) => text !== undefined)
  return { state: stateOf({ ok, partial: partial.length + incomplete.length, failed, unseen: unseen.length, missed: missed.length, skipped: skipped.length, madeUp: madeUp.length, elsewhere: elsewhere.length }), text: texts.length === 0 ? 'No backup was due.' : `Backups: ${texts.join(', ')}.` }
}

type Tally = { readonly ok: readonly StripRun[]; readonly partial: number; readonly failed: readonly StripRun[]; readonly unseen: number; readonly missed: number; readonly skipped: number; readonly madeUp: number; readonly elsewhere: number }

function stateOf({ ok, partial, failed, unseen, missed, skipped, madeUp, elsewhere }: Tally): DayState {
  const lastOk = Date.parse(ok.at(-1)?.startedAt ?? '')
  const lastFailed = Date.parse(failed.at(-1)?.startedAt ?? '')
  const recovered = lastOk > lastFailed
  if (unseen > 0 || (failed.length > 0 && !recovered)) return 'failed'
  if (missed > 0 || (skipped > 0 && ok.length === 0)) return 'missed'
  if (failed.length > 0 || partial > 0 || skipped > 0 || madeUp > 0) return 'warning'
  return ok.length > 0 || elsewhere > 0 ? 'ok' : 'none'
}

function count(number: number, what: string, why?: string): string | undefined {
  return number === 0 ? undefined : `${number} ${what}${why === undefined ? '' : ` (${why})`}`
}

function reasonOf(run: StripRun | undefined): string | undefined {
  if (run === undefined) return undefined
  return run.outcome === 'interrupted' ? 'interrupted' : run.error?.message
}

function byDay<Item>(items: readonly Item[], at: (item: Item) => string, days: readonly LocalDay[]): readonly (readonly Item[])[] {
  const lists: Item[][] = days.map(() => [])
  for (const item of items) {
    const moment = Date.parse(at(item))
    // Days are nearly as long as each other: the guess is right or its neighbour is.
    const first = days[0]?.from.getTime() ?? 0
    const guess = Math.floor((moment - first) / 86_400_000)
    const index = [guess, guess - 1, guess + 1].find((near) => {
      const day = days[near]
      return day !== undefined && moment >= day.from.getTime() && moment < day.until.getTime()
    })
    if (index !== undefined) lists[index]?.push(item)
  }
  return lists
}
