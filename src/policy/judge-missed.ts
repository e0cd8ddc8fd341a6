import { formatDuration } from '../kit/duration.ts'
import type { ExpectedRun } from '../model/expected-run.ts'
import type { StatusReason } from '../model/status.ts'

const dayMs = 86_400_000

/**
 * What the last expectations say where nothing was begun for them: one is a warning, several in a row are a failure. A backup since
 * then ends it; runs that were begun and failed are told by themselves.
 *
 * @param newestAt when the newest sound point was made that lies in every vault, undefined where there is none.
 */
export function judgeMissed(expected: readonly ExpectedRun[], newestAt: Date | undefined, now: Date): readonly StatusReason[] {
  const newestFirst = expected.filter((each) => isOver(each, now)).toSorted((a, b) => Date.parse(b.dueAt) - Date.parse(a.dueAt))
  const met = newestFirst.findIndex(({ state }) => state !== 'missed' && state !== 'skipped' && state !== 'waiting')
  const without = newestFirst.slice(0, met === -1 ? undefined : met).filter(({ dueAt }) => newestAt === undefined || newestAt.getTime() < Date.parse(dueAt))
  const [newest] = without
  const oldest = without.at(-1)
  if (newest === undefined || oldest === undefined) return []
  const severity = without.length === 1 ? 'warning' : 'failed'
  const ago = `${formatDuration(now.getTime() - Date.parse(oldest.dueAt))} ago`
  if (without.every(({ state }) => state === 'skipped')) {
    return [{ code: 'skipped', severity, message: without.length === 1 ? `The backup that was due ${ago} was skipped, as another run was at work.` : `The last ${without.length} backups that were due were skipped, as other runs were at work; the first was due ${ago}.` }]
  }
  return [{ code: 'missed', severity, message: without.length === 1 ? `The backup that was due ${ago} did not happen.` : `The last ${without.length} backups that were due did not happen; the first was due ${ago}.` }]
}

/** Also one that still waits a day after its time: nobody is there to begin it. */
function isOver({ state, startAt }: ExpectedRun, now: Date): boolean {
  return state === 'waiting' ? now.getTime() - Date.parse(startAt) > dayMs : state !== 'started'
}
