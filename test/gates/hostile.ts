import type { Gate, GateResult } from '../../scripts/gate.ts'
import { hostileCases, someCases } from '../faults/hostile/all-cases.ts'
import { runCase } from '../faults/hostile/run-case.ts'
import { inParallel } from '../faults/in-parallel.ts'

/** Every malicious archive, bombs of 10 GB among them; the sample is small, as test/faults has a larger one. */
async function hostile({ full, seed }: { full: boolean; seed: number }): Promise<GateResult> {
  const cases = full ? hostileCases : someCases(4, seed)
  // One after the other in full: memory and time are measured.
  const results = await inParallel(cases, full ? 1 : 2, async (one) => ({ name: one.name, ...(await runCase(one, full)) }))
  const bad = results.filter(({ problems }) => problems.length > 0)
  for (const { name, problems } of bad) console.error(`${name}: ${problems.join('\n  ')}`)
  return {
    ok: bad.length === 0,
    figures: {
      'malicious archives': results.length,
      'refused': results.filter(({ outcome }) => outcome.startsWith('refused')).length,
      'restored within the target': results.filter(({ outcome }) => outcome === 'restored').length,
      'writes outside, hangs and other faults': bad.length,
      'largest peak of memory (MB)': Math.round(Math.max(...results.map(({ peakBytes }) => peakBytes)) / 1e6),
      'longest (s)': Math.round(Math.max(...results.map(({ seconds }) => seconds))),
      ...(bad.length === 0 ? {} : { faults: bad.map(({ name }) => name).join('; ') }),
    },
  }
}

export const gate: Gate = { name: 'hostile archives', run: hostile }
