import type { Gate, GateResult } from '../../scripts/gate.ts'
import { DamageBench, damageFormats } from '../faults/damage.ts'
import { inParallel } from '../faults/in-parallel.ts'

/** 100 cuts and 100 changed bits in each format, with right, missing, foreign and forged files beside the archive. */
async function damaged({ full, seed }: { full: boolean; seed: number }): Promise<GateResult> {
  const ofEachKind = full ? 100 : 1
  const formats = full ? damageFormats : [damageFormats[seed % damageFormats.length] ?? 'zip']
  await using bench = new DamageBench()
  await bench.prepare(formats, seed)
  const trials = formats.flatMap((format) => (['cut', 'flip'] as const).flatMap((kind) => bench.damages(format, kind, ofEachKind, seed).map((damage) => ({ format, damage }))))
  const results = await inParallel(trials, 2, async ({ format, damage }) => ({ format, damage, ...(await bench.try(format, damage)) }))
  const bad = results.filter(({ problems }) => problems.length > 0)
  for (const { format, damage, problems } of bad) console.error(`${format} ${JSON.stringify(damage)}: ${problems.join('\n  ')}`)
  const of = (kind: 'cut' | 'flip', refused: boolean): number => results.filter((result) => result.damage.kind === kind && result.refused === refused).length
  return {
    ok: bad.length === 0,
    figures: {
      'cut off and refused': of('cut', true),
      'cut off and not refused': of('cut', false),
      'bits changed and refused': of('flip', true),
      'bits changed that mean nothing, restored exactly': of('flip', false),
      'faults': bad.length,
    },
  }
}

export const gate: Gate = { name: 'damaged archives', run: damaged }
