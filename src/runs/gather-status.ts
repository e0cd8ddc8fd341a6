import { AppError } from '../kit/app-error.ts'
import type { Expectations } from '../model/expectations.ts'
import type { Scope, Snapshot } from '../model/restore-point.ts'
import type { RunReport } from '../model/run-report.ts'
import type { Run } from '../model/run.ts'
import type { Vault } from '../model/vault.ts'
import type { StatusInput } from '../policy/judge-status.ts'
import { parseSchedule } from '../policy/schedule.ts'
import type { ScheduleText } from '../policy/schedule.ts'
import { isLocked } from './app-lock.ts'
import type { AppState } from './app-state.ts'
import { listJournals, readJournal, recordedPoints } from './interrupted-runs.ts'
import { afterRuns } from './points-record.ts'
import { unfinishedRestore } from './restore/work-in-progress.ts'

/** How many of the newest runs are looked at. */
const runsJudged = 200

type Subject = {
  readonly app: string
  readonly root: string
  readonly expect: Expectations
  readonly schedule?: ScheduleText | undefined
  readonly scope: Scope
  /** A vault that could not be opened stands with its problem. */
  readonly vaults: readonly { readonly name: string; readonly vault: Pick<Vault, 'snapshots'> | AppError }[]
}

/** With the whole reports of runs, of which the judgement needs little. */
export type GatheredStatus = StatusInput & { readonly runs: readonly RunReport[]; readonly running?: RunReport }

/** Everything that an application's status is judged from: what lies in its vaults, and what its journals tell. */
export async function gatherStatus(subject: Subject, state: AppState, run: Run): Promise<GatheredStatus> {
  const locked = isLocked(state)
  const reports: RunReport[] = []
  for (const path of (await listJournals(state)).slice(0, runsJudged)) {
    const found = await readJournal(path)
    if (found !== undefined) reports.push(found.report)
  }
  const [newest] = reports
  const running = locked && newest !== undefined && newest.outcome === undefined ? newest : undefined
  const unfinished = locked ? undefined : unfinishedRestore(subject.root)
  return {
    app: subject.app,
    expect: subject.expect,
    ...(subject.schedule === undefined ? {} : { schedule: parseSchedule(subject.schedule) }),
    scope: subject.scope,
    vaults: await Promise.all(subject.vaults.map(async ({ name, vault }) => await vaultFacts(name, vault, subject.app, run))),
    // Of a run that has ended its own record tells, however many came after.
    known: afterRuns(await recordedPoints(state), reports.filter(({ outcome }) => outcome === undefined)),
    // A journal without an end whose run holds no lock is that of a process that died.
    runs: reports.filter((report) => report !== running).map((report) => report.outcome === undefined ? { ...report, outcome: 'interrupted' as const } : report),
    ...(running === undefined ? {} : { running }),
    ...(unfinished === undefined ? {} : { unfinishedRestore: { startedAt: unfinished.about.startedAt } }),
  }
}

async function vaultFacts(name: string, vault: Pick<Vault, 'snapshots'> | AppError, app: string, run: Run): Promise<StatusInput['vaults'][number]> {
  if (vault instanceof AppError) return { name, problem: vault.message }
  try {
    const unlisted: string[] = []
    const snapshots: readonly Snapshot[] = (await vault.snapshots(run, (folder) => unlisted.push(folder))).filter((snapshot) => snapshot.app === app)
    return { name, snapshots, ...(unlisted.length === 0 ? {} : { unlisted }) }
  } catch (error) {
    if (error instanceof AppError) return { name, problem: error.message }
    throw error
  }
}
