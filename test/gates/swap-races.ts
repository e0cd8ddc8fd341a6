import type { Gate, GateResult } from '../../scripts/gate.ts'
import { raceSwaps } from '../faults/swap-race.ts'

async function races({ full, seed }: { full: boolean; seed: number }): Promise<GateResult> {
  const { races: count, restored, refused, incomplete, problems } = await raceSwaps(full ? 1000 : 8, seed)
  for (const problem of [...problems, ...incomplete]) console.error(problem)
  return {
    // Of some hundred races one is lost in this way: a sample would fail by chance, the full count shall be seen.
    ok: problems.length === 0 && restored + refused === count && (!full || incomplete.length === 0),
    figures: { 'races': count, 'restored': restored, 'refused': refused, 'restored, with something gone and nothing said': incomplete.length, 'files outside, wrong content and unclear errors': problems.length },
  }
}

export const gate: Gate = { name: 'folder-swap races', run: races }
