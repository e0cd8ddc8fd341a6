import { formatDuration } from '../kit/duration.ts'
import type { Expectations } from '../model/expectations.ts'
import type { ExpectedRun } from '../model/expected-run.ts'
import type { Scope, Snapshot } from '../model/restore-point.ts'
import type { RunKind } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import type { Status, StatusReason } from '../model/status.ts'
import { judgeMissed } from './judge-missed.ts'
import { judgeVault } from './judge-vault.ts'
import type { Schedule } from './schedule.ts'
import type { KnownPoint, VaultJudgement } from './judge-vault.ts'

/** A run as the journals tell it: what `reduceRun` makes of its events, as far as the status needs it. */
export type RunFacts = Pick<RunReport, 'run' | 'kind' | 'startedAt' | 'finishedAt' | 'outcome' | 'error'>

export type StatusInput = {
  readonly app: string
  readonly expect: Expectations
  /** When it is backed up, where it is by a schedule: says how often where `expect` does not. */
  readonly schedule?: Schedule
  /** What the application's backups usually save; only points of this scope satisfy expectations. */
  readonly scope: Scope
  /** Each vault of the application as it really is: its points of this application, with the folders in it that may not be read, or why it could not be read. */
  readonly vaults: readonly ({ readonly name: string } & ({ readonly snapshots: readonly Snapshot[]; readonly unlisted?: readonly string[] } | { readonly problem: string }))[]
  /** What journals say should lie there: saved and, as far as they tell, neither removed nor replaced. */
  readonly known: readonly (KnownPoint & { readonly vault: string })[]
  /** Ended runs in any order; one whose process died has the outcome `interrupted`. */
  readonly runs: readonly RunFacts[]
  /** The run that holds the application's lock right now. */
  readonly running?: Pick<RunFacts, 'run' | 'kind' | 'startedAt'>
  /** A restore that was killed and neither finished nor rolled back. */
  readonly unfinishedRestore?: { readonly startedAt: string }
  /** What was to come of late, in any order, where somebody writes that down: the server's scheduler. */
  readonly expected?: readonly ExpectedRun[]
}

const runWords: Readonly<Record<RunKind, string>> = { backup: 'backup', restore: 'restore', plan: 'plan of a restore', verify: 'verification', forget: 'removal of old points', thaw: 'start of containers' }

/**
 * Judges one application. Expectations are judged for each vault by itself, on what lies there; a point counts only when it
 * is complete, undamaged, of the expected scope and not from the future. A run's end matters until the next run of its kind.
 */
export function judgeStatus(input: StatusInput, now: Date): Status {
  const vaults = input.vaults.map((vault) => judgeVault({
    vault,
    expect: input.expect,
    schedule: input.schedule,
    scope: input.scope,
    known: input.known.filter((point) => point.vault === vault.name),
    label: input.vaults.length > 1 ? ` in ${vault.name}` : '',
  }, now))
  // A plan changes nothing, and how it ended whoever asked for it was told.
  const runs = input.runs.filter(({ kind }) => kind !== 'plan').toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))
  const points = vaults.reduce((sum, { status }) => sum + status.points, 0)
  const never = points === 0 && vaults.every(({ status }) => status.reachable) && input.known.length === 0 && !runs.some(({ kind }) => kind === 'backup')
  const missed = judgeMissed(input.expected ?? [], newestInAll(vaults), now)
  // What the scheduler tells of a backup that did not happen is not told twice.
  const isToldTwice = ({ code }: StatusReason): boolean => code === 'overdue' && missed.length > 0 && input.expect.every === undefined
  const reasons: StatusReason[] = [
    ...judgeRestore(input, now),
    ...(never ? [{ code: 'never-ran', severity: 'failed', message: 'It was never backed up.' } as const] : vaults.flatMap((vault) => vault.reasons).filter((reason) => !isToldTwice(reason))),
    ...judgeRuns(runs, now),
    ...missed,
  ]
  reasons.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
  const lastRun = input.running ?? runs[0]
  return {
    version: 1,
    app: input.app,
    state: input.running !== undefined ? 'running' : never ? 'never' : reasons[0]?.severity ?? 'ok',
    sentence: sentence(input, reasons, vaults, now),
    reasons,
    vaults: vaults.map(({ status }) => status),
    ...(lastRun === undefined ? {} : { lastRun: pickRun(lastRun) }),
    judgedAt: now.toISOString(),
  }
}

/** When the point was made that is the oldest of the vaults' newest ones. */
function newestInAll(vaults: readonly VaultJudgement[]): Date | undefined {
  const newest = vaults.flatMap(({ status }) => status.newest === undefined ? [] : Date.parse(status.newest.startedAt))
  return newest.length === 0 || newest.length < vaults.length ? undefined : new Date(Math.min(...newest))
}

function judgeRestore({ unfinishedRestore }: StatusInput, now: Date): readonly StatusReason[] {
  if (unfinishedRestore === undefined) return []
  return [{ code: 'unfinished-restore', severity: 'failed', message: `A restore that began ${ago(unfinishedRestore.startedAt, now)} was not finished: finish it or roll it back.` }]
}

/** Only the newest run of each kind counts; removal that failed costs only space. */
function judgeRuns(newestFirst: readonly RunFacts[], now: Date): readonly StatusReason[] {
  const seen = new Set<RunKind>()
  const newestVerify = newestFirst.find(({ kind }) => kind === 'verify')
  return newestFirst.flatMap((run): StatusReason[] => {
    const isUnopened = hadOtherPassword(run)
    if (seen.has(run.kind) || (isUnopened && run !== newestVerify)) return []
    // What one found that could open the points still holds after another one that could not.
    if (!isUnopened) seen.add(run.kind)
    // What was asked for in a wrong way began nothing: the points tell whether the usual backups go well.
    const severity = !isUnopened && run.error?.code !== 'usage' && (run.kind === 'backup' || run.kind === 'verify' || run.kind === 'thaw') ? 'failed' : 'warning'
    const what = `The last ${run === newestVerify || run.kind !== 'verify' ? '' : 'other '}${runWords[run.kind]} (${ago(run.startedAt, now)})`
    if (run.outcome === 'interrupted') return [{ code: 'interrupted', severity, message: `${what} was interrupted.`, run: run.kind }]
    if (run.outcome === 'failed') return [{ code: 'run-failed', severity, message: `${what} failed${run.error === undefined ? '.' : `: ${run.error.message}`}`, run: run.kind, ...(run.error === undefined ? {} : { error: run.error.code }) }]
    if (run.outcome === 'partial') return [{ code: 'run-partial', severity: 'warning', message: `${what} ended with warnings.`, run: run.kind }]
    return []
  })
}

/** A person verified with another password than the point's: that tells nothing of the point. */
function hadOtherPassword({ kind, outcome, error }: RunFacts): boolean {
  return kind === 'verify' && outcome === 'failed' && error?.code === 'archive.password'
}

function sentence(input: StatusInput, reasons: readonly StatusReason[], vaults: readonly VaultJudgement[], now: Date): string {
  const first = reasons[0]?.message ?? goodNews(vaults, now)
  const more = reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : ''
  if (input.running === undefined) return first + more
  return `A ${runWords[input.running.kind]} has been running for ${formatDuration(now.getTime() - Date.parse(input.running.startedAt))}. ${first}${more}`
}

function goodNews(vaults: readonly VaultJudgement[], now: Date): string {
  const oldest = vaults.flatMap(({ status }) => status.newest ?? []).sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))[0]
  if (oldest === undefined) return 'There is nothing to judge.'
  return `Last backed up ${ago(oldest.startedAt, now)}, ${oldest.verifiedAt === undefined ? 'not verified since' : `verified ${ago(oldest.verifiedAt, now)}`}.`
}

function pickRun({ run, kind, startedAt, ...rest }: Pick<RunFacts, 'run' | 'kind' | 'startedAt'> & Partial<RunFacts>): NonNullable<Status['lastRun']> {
  return { run, kind, startedAt, ...(rest.finishedAt === undefined ? {} : { finishedAt: rest.finishedAt }), ...(rest.outcome === undefined ? {} : { outcome: rest.outcome }) }
}

function ago(at: string, now: Date): string {
  return `${formatDuration(now.getTime() - Date.parse(at))} ago`
}
