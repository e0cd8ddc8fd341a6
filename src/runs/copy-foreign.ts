import type { ForeignVaultOptions } from '../archive/foreign/foreign-vault.ts'
import { ForeignVault } from '../archive/foreign/foreign-vault.ts'
import type { ForeignPoint } from '../archive/foreign/foreign-point.ts'
import { AppError } from '../kit/app-error.ts'
import { wallClock } from '../kit/wall-clock.ts'
import type { Snapshot } from '../model/restore-point.ts'
import { namePoint } from '../policy/name-points.ts'
import type { AppState } from './app-state.ts'
import type { NamedVault } from './backup.ts'
import type { RunContext } from './perform-run.ts'
import { performRun } from './perform-run.ts'
import { verify } from './verify.ts'

/**
 * Makes a restore point of ours from a foreign one, as one run: read through, saved with records, read again. It stays
 * marked as foreign: records prove what was in the archive, not that the program that made it had left nothing out.
 * A copy that is there already is given back as it is. @throws AppError as the run's body.
 */
export async function copyForeign(point: ForeignPoint, options: ForeignVaultOptions, { name, vault }: NamedVault, state: AppState, context: RunContext): Promise<Snapshot> {
  const { manifest } = point
  const { app, host, preset, root, scope, without, selection, databases, foreign } = manifest
  let copy: Snapshot | undefined
  const { error } = await performRun('backup', state, context, async (run) => {
    copy = (await vault.snapshots(run, () => undefined)).find((other) => other.foreign?.source === point.id && other.damagedAt === undefined)
    if (copy !== undefined) return
    run.emit({ type: 'run.phase', phase: 'files', totalBytes: manifest.contentBytes })
    const entries = new ForeignVault(point, options).open(point.id, () => true, run, 'content')
    const [saved] = await vault.save(entries, {
      app, host, preset, root, scope, without, selection,
      startedAt: new Date(manifest.startedAt),
      points: [{ slot: 'dated', name: namePoint(app, 'dated', scope, wallClock(new Date(manifest.startedAt))) }],
      ...(foreign === undefined ? {} : { foreign: { ...foreign, source: point.id } }),
      atEnd: () => ({ complete: run.report().warningCount === 0, databases, leftOut: [], warnings: run.report().warnings, notes: manifest.notes }),
    }, run, () => undefined)
    if (saved === undefined) throw new AppError('internal', 'Nothing was saved')
    run.emit({ type: 'snapshot.saved', vault: name, snapshot: saved })
    const [verified] = await verify(vault, [saved], 'full', run)
    if (verified === undefined || verified.findings.length > 0) throw new AppError('archive.damaged', `The copy ${saved.id} was written, but does not read back as it should`, { hint: 'Check the disk and the memory of the machine; import it again.' })
    copy = { ...saved, verifiedAt: run.now().toISOString() }
  })
  if (error !== undefined) throw error
  if (copy === undefined) throw new AppError('internal', 'A copy was made without a result')
  return copy
}
