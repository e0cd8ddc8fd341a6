import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeDurably } from '../disk/durable.ts'
import type { RunReport } from '../model/run-report.ts'
import type { StatusInput } from '../policy/judge-status.ts'
import type { AppState } from './app-state.ts'

export type SavedPoints = StatusInput['known']

/** What a run did to the restore points. */
type Deeds = Pick<RunReport, 'saved' | 'removed'>

const standInEnding = '_incomplete'

const recordSchema = z.object({ version: z.literal(1), points: z.array(z.object({ vault: z.string(), id: z.string(), key: z.string() })) })

/** The points that should lie there by the record: saved by a run, and not removed by one. Undefined where there is no record that can be read. */
export function readPointsRecord(state: AppState): SavedPoints | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(fileOf(state), 'utf8'))).points
  } catch {
    // It is made again from the journals.
    return undefined
  }
}

/**
 * Notes what a run did, for longer than its journal is kept or looked at. The same run may be noted twice. Call only under the application's
 * lock. What cannot be written is left to be made again from the journals: nothing that is known must be taken for all.
 */
export function writePointsRecord(state: AppState, points: SavedPoints): void {
  try {
    writeDurably(fileOf(state), JSON.stringify({ version: 1, points }), { mode: 0o660 })
  } catch {
    rmSync(fileOf(state), { force: true })
  }
}

/** A rolling point takes the place of the one whose slot it has, and of what stood in for it; what was removed by whichever run never comes again. */
export function afterRuns(before: SavedPoints, runs: readonly Deeds[]): SavedPoints {
  const removed = new Set(runs.flatMap((run) => run.removed.map(({ vault, id }) => `${vault}\0${id}`)))
  const known = new Map(before.map((point) => [`${point.vault}\0${point.key}`, point]))
  for (const { vault, id, key, slot, complete } of runs.flatMap((run) => run.saved)) {
    if (slot === 'rolling' && complete) {
      for (const [place, point] of known) if (point.vault === vault && point.key !== key && point.key.replace(standInEnding, '') === key) known.delete(place)
    }
    known.set(`${vault}\0${key}`, { vault, id, key })
  }
  return [...known.values()].filter(({ vault, id }) => !removed.has(`${vault}\0${id}`))
}

function fileOf({ folder }: AppState): string {
  return join(folder, 'points.json')
}
