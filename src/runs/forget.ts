import { AppError } from '../kit/app-error.ts'
import type { Snapshot } from '../model/restore-point.ts'
import type { NamedVault } from './backup.ts'
import type { Verdict } from '../policy/retain.ts'
import type { ActiveRun } from './perform-run.ts'

/**
 * What becomes of points that a user names: each goes, unless nothing sound, or nothing verified, would be left.
 * @throws AppError `vault.protected` where the last sound complete point of an application would go, or the last verified one.
 */
export function judgeNamed(points: readonly Snapshot[], named: readonly Snapshot[], force: boolean): readonly Verdict[] {
  const ids = new Set(named.map(({ id }) => id))
  const sound = (point: Snapshot): boolean => point.complete && point.damagedAt === undefined
  for (const app of new Set(named.map((point) => point.app))) {
    const own = points.filter((point) => point.app === app)
    const loses = (holds: (point: Snapshot) => boolean): boolean => own.some((point) => ids.has(point.id) && holds(point)) && !own.some((point) => !ids.has(point.id) && holds(point))
    if (!force && loses(sound)) throw new AppError('vault.protected', `That would remove the last sound restore point of ${app}`, { hint: 'Make a new backup first, or say --force.' })
    if (!force && loses((point) => sound(point) && point.verifiedAt !== undefined)) {
      throw new AppError('vault.protected', `That would remove the last verified restore point of ${app}`, { hint: 'Verify another one first (holdfast verify ID), or say --force.' })
    }
  }
  return points.map(({ id }) => ids.has(id) ? { id, keep: false, reasons: ['named by the user'] } : { id, keep: true, reasons: ['not named'] })
}

/** Removes what the verdicts say. */
export async function forget({ name, vault }: NamedVault, points: readonly Snapshot[], verdicts: readonly Verdict[], run: ActiveRun): Promise<void> {
  run.emit({ type: 'run.phase', phase: 'retention' })
  for (const { id, reasons } of verdicts.filter(({ keep }) => !keep)) {
    run.signal.throwIfAborted()
    await vault.remove([id], run)
    run.emit({ type: 'snapshot.removed', vault: name, id, key: points.find((point) => point.id === id)?.key ?? '', reason: reasons.join('; ') })
  }
}

/** A point that a run saved and that does not lie where it was. */
export type MissingPoint = { readonly app: string; readonly vault: string; readonly id: string; readonly key: string }

/** The one that a user means by its id, the beginning of it or its name; undefined where none, or several, are meant. */
export function namedMissing(missing: readonly MissingPoint[], wanted: string): MissingPoint | undefined {
  const found = missing.filter(({ id, key }) => id === wanted || key === wanted || (/^[0-9a-f]{4,16}$/.test(wanted) && id.startsWith(wanted)))
  return found.length === 1 ? found[0] : undefined
}

/** Notes that points are gone for good, so that nobody misses them. */
export function forgetMissing(missing: readonly MissingPoint[], run: ActiveRun): void {
  for (const { vault, id, key } of missing) run.emit({ type: 'snapshot.removed', vault, id, key, reason: missingReason })
}

export const missingReason = 'no longer there, and named by the user'
