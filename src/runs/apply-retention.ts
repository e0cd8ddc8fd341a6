import { formatDuration, parseDuration } from '../kit/duration.ts'
import type { Expectations } from '../model/expectations.ts'
import type { KeepRules } from '../model/keep-rules.ts'
import type { Scope, Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { Vault } from '../model/vault.ts'
import { isFuture } from '../policy/is-future.ts'
import { judgeNewestSize } from '../policy/judge-vault.ts'
import { retain } from '../policy/retain.ts'

/** The points of one application in a vault, and the folders there that may not be read. */
export type ListedPoints = { readonly points: readonly Snapshot[]; readonly unlisted: readonly string[] }

type Retention = {
  readonly keep?: KeepRules
  /** What the application's usual points look like, and which scope these have. */
  readonly usual: { readonly expect: Expectations; readonly scope: Scope }
}

/**
 * Removes what the rules no longer keep of an application's points in one vault. While its newest usual point is smaller than is expected,
 * nothing is removed, and a note says so: what made it small would otherwise push out the points from before.
 */
export async function applyRetention({ keep, usual }: Retention, { points, unlisted }: ListedPoints, name: string, vault: Vault, run: Run): Promise<void> {
  if (keep === undefined || Object.keys(keep).length === 0) return
  run.emit({ type: 'run.phase', phase: 'retention' })
  if (unlisted.length > 0) {
    // What is not seen may be what the rules would keep in the place of another.
    run.emit({ type: 'run.warning', code: 'vault.unlisted', message: `The rules of what to keep were not applied to ${name}: ${unlisted.join(', ')} may not be read there, so that not all restore points are seen` })
    return
  }
  const [tooSmall] = judgeNewestSize(points, { ...usual, name }, run.now())
  if (tooSmall !== undefined) {
    run.emit({ type: 'run.note', code: 'retention.withheld', message: `No restore point is removed from "${name}" by the rules of what to keep. ${tooSmall.message}` })
    return
  }
  tellGap(points, keep, name, run)
  const gone = retain(points, keep, run.now()).filter((verdict) => !verdict.keep)
  await vault.remove(gone.map(({ id }) => id), run)
  for (const { id, reasons } of gone) {
    run.emit({ type: 'snapshot.removed', vault: name, id, key: points.find((point) => point.id === id)?.key ?? '', reason: reasons.join('; ') })
  }
}

/** Whether the clock was wrong or nothing was saved for so long, nobody but the user can know. */
function tellGap(points: readonly Snapshot[], { within }: KeepRules, name: string, run: Run): void {
  const [newest, before] = points.filter(({ slot, startedAt }) => slot === 'dated' && !isFuture(Date.parse(startedAt), run.now())).map(({ startedAt }) => Date.parse(startedAt)).sort((a, b) => b - a)
  if (within === undefined || newest === undefined || before === undefined || newest - before <= parseDuration(within)) return
  run.emit({ type: 'run.note', code: 'retention.gap', message: `The restore point before this one in "${name}" is ${formatDuration(newest - before)} older. For the rule "within ${within}" most of that time does not count, as a clock may have been wrong: if this machine's is, correct it` })
}
