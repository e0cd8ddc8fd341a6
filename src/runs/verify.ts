import type { Snapshot } from '../model/restore-point.ts'
import type { CheckDepth, Finding, Vault } from '../model/vault.ts'
import type { ActiveRun } from './perform-run.ts'

/** What a check of one restore point found; none means whole. */
export type Verification = { readonly snapshot: Snapshot; readonly findings: readonly Finding[] }

/** A damaged archive could give one finding a member. */
const findingsKept = 100

/** Checks restore points one after the other and notes the result with each; damage is a warning, and the next one follows. */
export async function verify(vault: Vault, snapshots: readonly Snapshot[], depth: CheckDepth, run: ActiveRun): Promise<readonly Verification[]> {
  const results: Verification[] = []
  for (const snapshot of snapshots) {
    run.signal.throwIfAborted()
    run.emit({ type: 'run.phase', phase: 'verify', totalBytes: snapshot.contentBytes })
    const findings: Finding[] = []
    for await (const finding of vault.check(snapshot.id, depth, run)) {
      if (findings.length < findingsKept) findings.push(finding)
    }
    // A quick look proves damage, but never wholeness.
    if (depth === 'full' || findings.length > 0) await vault.mark(snapshot.id, findings.length === 0, run)
    run.emit({ type: 'snapshot.verified', id: snapshot.id, ok: findings.length === 0 })
    for (const { code, message, path } of findings) run.emit({ type: 'run.warning', code, message: `${snapshot.key}: ${message}`, ...(path === undefined ? {} : { path }) })
    results.push({ snapshot, findings })
  }
  return results
}
