import { existsSync } from 'node:fs'
import { messageOf } from '../../kit/app-error.ts'
import { isAlive } from '../../kit/process-identity.ts'
import type { Run } from '../../model/run.ts'
import type { RestoreAbout, RestoreState } from './restore-record.ts'
import { RestoreRecord } from './restore-record.ts'
import { listWorkFolders, removeIfEmpty, removeWorkFolder, tidyContainer } from './work-folder.ts'

export type RestoreFound = { readonly folder: string; readonly state: RestoreState; readonly about: RestoreAbout; readonly finishedAt?: Date }

/** All restores whose work folders lie at a target, oldest first; one without a readable record counts as unfinished only where it says so. */
function findRestores(target: string): RestoreFound[] {
  const found: RestoreFound[] = []
  for (const folder of listWorkFolders(target)) {
    if (!RestoreRecord.exists(folder)) continue
    using record = new RestoreRecord(folder)
    if (!record.hasAbout) continue
    const finishedAt = record.finishedAt
    found.push({ folder, state: record.state, about: record.about, ...(finishedAt === undefined ? {} : { finishedAt }) })
  }
  // Folders of one second have no order by name.
  return found.sort((a, b) => a.about.startedAt.localeCompare(b.about.startedAt))
}

/** The restore that left this target half changed, if one did. */
export function unfinishedRestore(target: string): RestoreFound | undefined {
  return findRestores(target).find(({ state }) => state === 'changing' || state === 'rolling-back')
}

/** The newest restore that can be undone. */
export function safetyPoint(target: string): RestoreFound | undefined {
  return findRestores(target).findLast(({ state }) => state === 'done')
}

/**
 * Removes what is needed no more: stages whose process died before anything was changed, and safety points that are
 * older than `keepMs`. An unfinished restore is never touched.
 */
export async function tidyRestores(target: string, keepMs: number, run: Run): Promise<void> {
  for (const folder of listWorkFolders(target)) {
    try {
      if (isNeeded(folder, keepMs, run.now())) continue
      const madeTarget = RestoreRecord.exists(folder) && madeItsTarget(folder)
      // First: without the record nobody would find them.
      for (const volume of volumesIn(folder)) await removeWorkFolder(volume)
      await removeWorkFolder(folder)
      if (madeTarget) removeIfEmpty(target)
      run.emit({ type: 'run.note', code: 'restore.tidied', message: `Removed the work folder of an earlier restore, ${folder}` })
    } catch (error) {
      run.emit({ type: 'run.note', code: 'restore.not-tidied', message: `The work folder of an earlier restore, ${folder}, could not be removed: ${messageOf(error)}` })
    }
  }
  tidyContainer(target)
}

/** The work folders of the volumes that were restored with it. */
function volumesIn(folder: string): readonly string[] {
  if (!RestoreRecord.exists(folder)) return []
  using record = new RestoreRecord(folder)
  return record.hasAbout ? record.about.volumes.map((volume) => volume.folder).filter((path) => existsSync(path)) : []
}

/** Whether a restore that never came to change anything has made the target's folder. */
function madeItsTarget(folder: string): boolean {
  using record = new RestoreRecord(folder)
  return record.hasAbout && record.state === 'staging' && record.about.createdTarget
}

function isNeeded(folder: string, keepMs: number, now: Date): boolean {
  if (!RestoreRecord.exists(folder)) return false
  using record = new RestoreRecord(folder)
  if (!record.hasAbout) return false
  switch (record.state) {
    case 'changing':
    case 'rolling-back':
      return true
    case 'staging':
      return isAlive(record.about.process)
    case 'done':
    case 'undone':
      // It may have been killed right after its state was written.
      return now.getTime() - (record.finishedAt ?? new Date(record.about.startedAt)).getTime() < keepMs
  }
}
