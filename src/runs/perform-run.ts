import { realpathSync, unlinkSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { dirname, relative } from 'node:path'
import { AnchoredFolder } from '../disk/anchored-folder.ts'
import { decodeName } from '../disk/name-codec.ts'
import { removeTree } from '../disk/remove-tree.ts'
import { AppError } from '../kit/app-error.ts'
import { newId } from '../kit/new-id.ts'
import { programVersion } from '../kit/program-version.ts'
import type { Outcome, RunEvent, RunEventBody, RunKind } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import { reduceRun } from '../model/run-report.ts'
import type { Run } from '../model/run.ts'
import { takeAppLock } from './app-lock.ts'
import type { AppState } from './app-state.ts'
import { thawDeadRuns } from './guard/thaw-dead-runs.ts'
import { closeInterrupted, notePoints, thinJournals } from './interrupted-runs.ts'
import { Journal } from './journal.ts'
import { stateFailure } from './state-failure.ts'

/** What whoever asks for runs gives to each: cancelling, a listener for the events, and the clock. */
export type RunContext = {
  readonly signal: AbortSignal
  readonly onEvent: (event: RunEvent) => void
  readonly now: () => Date
}

/** A run's own face for its body: events, and the report as it stands. */
export type ActiveRun = Run & { readonly id: string; report(): RunReport }

/**
 * Executes `body` as one run of an application: under its lock, journalled, with earlier runs that died told as interrupted.
 * The outcome is `partial` when there was a warning, `failed` when the body throws, `interrupted` when it was cancelled.
 * The body's error is in the report, and is not thrown again.
 *
 * @throws AppError `lock.held`, `state.denied`, `storage.full` before the run has begun.
 */
export async function performRun(kind: RunKind, state: AppState, context: RunContext, body: (run: ActiveRun) => Promise<void>): Promise<{ report: RunReport; error?: AppError }> {
  const startedAt = context.now()
  const user = currentUser()
  using _lock = takeAppLock(state, { pid: process.pid, user, kind, since: startedAt.toISOString() })
  const interrupted = await tidyState(state, startedAt)
  const id = newId()
  let report: RunReport | undefined
  using journal = new Journal(state.runsFolder, `${stamp(startedAt)}-${kind}-${id}`, context.now, (event) => {
    report = reduceRun(report, event)
    context.onEvent(event)
  })
  const emit = (event: RunEventBody): void => journal.emit(event)
  emit({ type: 'run.started', run: id, kind, app: state.app, host: hostname(), user, pid: process.pid, version: programVersion })
  for (const earlier of interrupted) {
    emit({ type: 'run.note', code: 'run.interrupted', message: `The ${earlier.kind} that began at ${earlier.startedAt} did not finish: its process ended. What it had begun was cleaned up.` })
  }
  const current = (): RunReport => {
    if (report === undefined) throw new AppError('internal', 'A run has no report')
    return report
  }
  let error: AppError | undefined
  try {
    await thawDeadRuns(state, { emit })
    context.signal.throwIfAborted()
    await body({ id, signal: context.signal, emit, now: context.now, report: current })
  } catch (cause) {
    error = asAppError(cause, context.signal)
  }
  await notePoints(state, current())
  if (journal.failure !== undefined && error === undefined) emit({ type: 'run.warning', code: 'journal.incomplete', message: 'The journal of this run could not be written completely' })
  const outcome: Outcome = error === undefined ? (current().warningCount > 0 ? 'partial' : 'ok') : error.code === 'interrupted' ? 'interrupted' : 'failed'
  emit({ type: 'run.finished', outcome, ...(error === undefined ? {} : { error: { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) } }) })
  return { report: current(), ...(error === undefined ? {} : { error }) }
}

function asAppError(cause: unknown, signal: AbortSignal): AppError {
  // That an application stays half restored must be told, and how to mend it, whoever pressed Ctrl-C meanwhile.
  if (cause instanceof AppError && cause.code === 'restore.failed') return cause
  if (signal.aborted) return new AppError('interrupted', 'The run was interrupted', { cause })
  if (cause instanceof AppError) return cause
  return new AppError('internal', `Something unexpected happened: ${cause instanceof Error ? cause.message : String(cause)}`, {
    hint: 'Please report this with the run\'s journal.',
    cause,
  })
}

/** Cleans up after runs whose process has died, and gives their reports. */
async function tidyState(state: AppState, now: Date): Promise<readonly RunReport[]> {
  try {
    await emptyTempFolder(state)
    await thinJournals(state)
    return await closeInterrupted(state, now)
  } catch (cause) {
    throw stateFailure(state.folder, cause)
  }
}

/**
 * Removes what runs that were killed have left; under the lock nobody else uses it. All of the group may write to the
 * state folder: a link that one of them puts in the place of a folder must not lead root's run anywhere else.
 */
async function emptyTempFolder({ folder, tempFolder }: AppState): Promise<void> {
  // The folder of all states is its owner's, and may be a link.
  using states = new AnchoredFolder(realpathSync(dirname(folder)))
  const below = relative(dirname(folder), tempFolder)
  for (const name of states.names(below)) {
    const path = `${below}/${name}`
    if (states.lstat(path)?.isDirectory() === true) await removeTree(nameOf(states.at(path)))
    else unlinkSync(states.at(path))
  }
}

function nameOf(path: string | Buffer): string {
  return typeof path === 'string' ? path : decodeName(path)
}

/** The name of the user whose rights the process has; its number where it has no name. */
function currentUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '?')
  }
}

/** With milliseconds: journals are put in order by their names, and a run may end in the second in which the next begins. */
function stamp(at: Date): string {
  return at.toISOString().replaceAll(/[-:.]/g, '')
}
