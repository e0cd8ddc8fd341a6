import { createReadStream, existsSync } from 'node:fs'
import { join } from 'node:path'
import { copyFolderMetadata } from '../../disk/folder-metadata.ts'
import { syncFileSystemOf } from '../../disk/sync-file-system-of.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { shellQuote } from '../../kit/shell-quote.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { RestoreDatabase } from './restore-database.ts'
import { keptDatabase } from './restore-database.ts'
import type { RestoreRecord } from './restore-record.ts'
import { finishVolumes, swapVolumesBack, swapVolumesIn } from './restore-volumes.ts'
import { missingAfterSwap, swapBack, swapIn } from './swap.ts'
import { removeIfEmpty } from './work-folder.ts'

/** From here on the application counts as half restored. What was staged and kept is durable before the record says so. */
export async function beginChange(record: RestoreRecord): Promise<void> {
  await syncFileSystemOf(record.folder)
  record.state = 'changing'
}

/**
 * Imports the staged dumps and swaps the staged files in. Everything that it needs lies in the record's work folder, so
 * that it may be called again after a kill, and does the rest.
 */
export async function changeApplication(record: RestoreRecord, databases: readonly RestoreDatabase[], run: Run): Promise<void> {
  const { target } = record.about
  for (const { facts, dump } of record.about.databases) {
    run.emit({ type: 'run.phase', phase: 'import' })
    await databaseFor(facts, databases).import(createReadStream(join(record.folder, 'databases', dump), { highWaterMark: 1 << 18 }), run)
  }
  run.emit({ type: 'run.phase', phase: 'swap' })
  swapIn(record, target, copyFolderMetadata, run.signal)
  // A rename that a power cut takes back must not be one of a restore that counts as done.
  await syncFileSystemOf(record.folder)
  await swapVolumesIn(record.about.volumes, run)
  run.emit({ type: 'run.phase', phase: 'check' })
  for (const path of missingAfterSwap(record, target)) {
    run.emit({ type: 'run.warning', code: 'restore.missing', path, message: 'was put in place and is not there any more: something else changes this folder; restore again when it is quiet' })
  }
}

/**
 * Brings files and databases back to what they were before `changeApplication`; may be called again after a kill.
 * It is not cancelled: a half restored application is worse than a late answer.
 *
 * @throws AppError `restore.failed` where something could not be brought back; the work folder then still has it.
 */
export async function changeBack(record: RestoreRecord, databases: readonly RestoreDatabase[], run: Run): Promise<void> {
  const steady: Run = { signal: new AbortController().signal, emit: (event) => run.emit(event), now: () => run.now() }
  run.emit({ type: 'run.phase', phase: 'rollback' })
  record.state = 'rolling-back'
  const failures: string[] = []
  const { createdTarget, target } = record.about
  try {
    // A rollback that was killed at its end may have removed it.
    if (!createdTarget || existsSync(target)) {
      swapBack(record, target, copyFolderMetadata)
      await syncFileSystemOf(record.folder)
    }
    await swapVolumesBack(record.about.volumes)
  } catch (error) {
    failures.push(`files: ${messageOf(error)}`)
  }
  for (const { facts, safety } of record.about.databases) {
    try {
      const database = databaseFor(facts, databases)
      if (safety === undefined) await database.clear(steady)
      else await database.importKept(keptDatabase(join(record.folder, 'databases', safety)), steady)
    } catch (error) {
      failures.push(`database ${facts.name}: ${messageOf(error)}`)
    }
  }
  if (failures.length > 0) {
    throw new AppError('restore.failed', `The former state could not be brought back completely (${failures.join('; ')})`, {
      hint: `Everything needed is kept in ${record.folder}. Remove the cause, then run "holdfast restore --rollback --target ${shellQuote(record.about.target)}".`,
    })
  }
  if (createdTarget) removeIfEmpty(target)
  finishVolumes(record.about.volumes, 'undone', run.now())
  record.state = 'undone'
  record.finishedAt = run.now()
}

/** By its dump, of which there is one: databases of two servers may have one name. */
function databaseFor({ name, path }: DatabaseFacts, databases: readonly RestoreDatabase[]): RestoreDatabase {
  const found = databases.find((database) => database.path === path)
  if (found === undefined) {
    throw new AppError('database.unreachable', `The restore needs the database ${name}, and nothing tells how to reach it`, {
      hint: 'Give the configuration that the restore was begun with (--config), or the --database options.',
    })
  }
  return found
}
