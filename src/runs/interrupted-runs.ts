import { createReadStream } from 'node:fs'
import { appendFile, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { AppError } from '../kit/app-error.ts'
import { runEventSchema } from '../model/run-event.ts'
import type { RunEvent } from '../model/run-event.ts'
import type { RunReport } from '../model/run-report.ts'
import { reduceRun } from '../model/run-report.ts'
import { takeAppLock } from './app-lock.ts'
import type { AppState } from './app-state.ts'
import { afterRuns, readPointsRecord, writePointsRecord } from './points-record.ts'
import type { SavedPoints } from './points-record.ts'

/** So many journals are kept; older ones go when a run begins. */
const journalsKept = 1000

/** Removes the oldest journals with their logs. Call only under the application's lock. */
export async function thinJournals(state: AppState): Promise<void> {
  for (const path of (await listJournals(state)).slice(journalsKept)) {
    await rm(path, { force: true })
    await rm(path.replace(/\.ndjson$/, '.log'), { force: true })
  }
}

/** Journals of an application, newest first, by file name. */
export async function listJournals(state: AppState): Promise<readonly string[]> {
  const names = await readdir(state.runsFolder)
  return names.filter((name) => name.endsWith('.ndjson')).sort().toReversed().map((name) => join(state.runsFolder, name))
}

/** The report of one journal; undefined where it does not begin with a run's start. A torn last line is passed over. */
export async function readJournal(path: string): Promise<{ report: RunReport; lastSeq: number } | undefined> {
  let report: RunReport | undefined
  let lastSeq = 0
  for await (const line of createInterface({ input: createReadStream(path, 'utf8') })) {
    const event = parseEvent(line)
    if (event === undefined) continue
    lastSeq = event.seq
    report = reduceRun(report, event)
  }
  return report === undefined ? undefined : { report, lastSeq }
}

/**
 * Ends the journals of runs whose process died. Call only under the application's lock: then no other run can be alive.
 * Only the newest few are looked at; older ones were closed by the runs before.
 */
export async function closeInterrupted(state: AppState, now: Date): Promise<readonly RunReport[]> {
  const closed: RunReport[] = []
  for (const path of (await listJournals(state)).slice(0, 20)) {
    const found = await readJournal(path)
    if (found === undefined || found.report.outcome !== undefined) continue
    const event: RunEvent = { seq: found.lastSeq + 1, at: now.toISOString(), type: 'run.finished', outcome: 'interrupted', error: { code: 'interrupted', message: 'The process ended before the run had finished' } }
    // Before its end: a run whose end stands in its journal is noted.
    await notePoints(state, found.report)
    await appendFile(path, `\n${JSON.stringify(event)}\n`)
    closed.push(found.report)
  }
  return closed
}

/** Notes in the record what a run did to the restore points. Call only under the application's lock, before the journal tells its end. */
export async function notePoints(state: AppState, run: RunReport): Promise<void> {
  if (run.saved.length === 0 && run.removed.length === 0) return
  writePointsRecord(state, afterRuns(await recordedPoints(state), [run]))
}

/** The points that ended runs have saved and none has removed: by the record, or where there is none by all journals that are kept. */
export async function recordedPoints(state: AppState): Promise<SavedPoints> {
  const recorded = readPointsRecord(state)
  if (recorded !== undefined) return recorded
  const oldestFirst: Pick<RunReport, 'saved' | 'removed'>[] = []
  for (const path of (await listJournals(state)).toReversed()) {
    const found = await readJournal(path)
    if (found !== undefined) oldestFirst.push({ saved: found.report.saved, removed: found.report.removed })
  }
  return afterRuns([], oldestFirst)
}

/** A line of a journal; undefined for what is none. */
export function parseEvent(line: string): RunEvent | undefined {
  if (line.trim() === '') return undefined
  try {
    const parsed = runEventSchema.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : undefined
  } catch {
    // The line that a killed run was writing.
    return undefined
  }
}

/** `closeInterrupted` for those that look on. False where a run holds the lock: that one does it. @throws AppError `state.denied`. */
export async function settleDeadRuns(state: AppState, now: Date): Promise<boolean> {
  try {
    using _lock = takeAppLock(state, { pid: process.pid, user: String(process.geteuid?.() ?? ''), kind: 'look at dead runs', since: now.toISOString() })
    await closeInterrupted(state, now)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'lock.held') return false
    throw error
  }
}
