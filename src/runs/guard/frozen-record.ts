import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { syncFolder, writeDurably } from '../../disk/durable.ts'
import { AppError, systemCode } from '../../kit/app-error.ts'
import { frozenSchema } from '../../sources/containers/frozen.ts'
import type { AppState } from '../app-state.ts'
import { stateFailure } from '../state-failure.ts'

const recordSchema = z.object({
  format: z.literal('holdfast/frozen'),
  version: z.literal(1),
  run: z.string(),
  /** Who froze them. */
  process: z.object({ pid: z.int(), start: z.string() }),
  at: z.iso.datetime(),
  /** Set by a restore: as long as this folder is half restored, nothing may run on it. */
  restores: z.string().optional(),
  /** Set once all of them stood still; until then a stop may be under way. */
  stands: z.literal(true).optional(),
  /** In the order in which they get back. */
  frozen: z.array(frozenSchema).min(1),
})
export type FrozenRecord = z.infer<typeof recordSchema>

const pattern = /^frozen-[0-9a-f]{16}(?:-\d+)?\.json$/

/** Where a run puts a new record. A restore may freeze more than once. */
export function newRecordPath(state: AppState, run: string): string {
  const taken = new Set(frozenRecords(state))
  let path = join(state.folder, `frozen-${run}.json`)
  for (let number = 2; taken.has(path); number++) path = join(state.folder, `frozen-${run}-${number}.json`)
  return path
}

/** Writes what a run is about to freeze, or has frozen; it is durable when this returns. @throws AppError `storage.full`, `storage.denied`. */
export function writeFrozenRecord(path: string, record: Omit<FrozenRecord, 'format' | 'version'>): void {
  writeDurably(path, `${JSON.stringify({ format: 'holdfast/frozen', version: 1, ...record })}\n`, { mode: 0o660 })
}

/** The records of an application's runs that have not brought back all that they froze, oldest name first. */
export function frozenRecords(state: Pick<AppState, 'folder'>): readonly string[] {
  try {
    return readdirSync(state.folder).filter((name) => pattern.test(name)).sort().map((name) => join(state.folder, name))
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return []
    throw stateFailure(state.folder, cause)
  }
}

/** @throws AppError `containers.not-started` where it cannot be understood. */
export function readFrozenRecord(path: string): FrozenRecord {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new AppError('containers.not-started', `The record of containers that stand still, ${path}, cannot be understood`, { hint: 'See which containers do not run ("docker ps -a"), start them, and remove the file.', cause })
  }
}

/** The containers of this record run again; that is durable when this returns. */
export function removeFrozenRecord(state: AppState, path: string): void {
  try {
    rmSync(path, { force: true })
    syncFolder(state.folder)
  } catch (cause) {
    if (systemCode(cause) !== 'ENOENT') throw stateFailure(path, cause)
  }
}
