import type { ExpectedRun } from '../model/expected-run.ts'

export type DuePlan = {
  /** The one run that is begun now. */
  readonly start?: { readonly expected: ExpectedRun; readonly why: 'schedule' | 'catch-up' }
  /** Those whose time has passed for good. */
  readonly missed: readonly ExpectedRun[]
}

/** A timer may be late, and a machine needs a while to start; what begins within this is no catching up. */
const onTimeMs = 15 * 60_000

/**
 * What to do with runs of one application that are due and not begun, after a downtime perhaps many: one backup makes up for
 * all of them, so the newest is begun, and the older ones are told as missed. With `catchUp` false one whose time is past is missed too.
 *
 * @param due of the state `waiting`, in any order; all of them should have begun by now.
 */
export function planDue(due: readonly ExpectedRun[], catchUp: boolean, now: Date): DuePlan {
  const oldestFirst = due.toSorted((a, b) => Date.parse(a.dueAt) - Date.parse(b.dueAt))
  const newest = oldestFirst.at(-1)
  if (newest === undefined) return { missed: [] }
  const older = oldestFirst.slice(0, -1)
  if (now.getTime() - Date.parse(newest.startAt) <= onTimeMs) return { start: { expected: newest, why: 'schedule' }, missed: older }
  return catchUp ? { start: { expected: newest, why: 'catch-up' }, missed: older } : { missed: oldestFirst }
}
