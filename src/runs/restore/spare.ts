import { basename, dirname, join } from 'node:path'
import { guideName, guideTitle } from '../../archive/restore-guide.ts'
import { beginsWith } from '../../disk/begins-with.ts'
import { hasCacheTag } from '../../disk/cache-tag.ts'
import type { Manifest } from '../../model/restore-point.ts'
import { remarksKept } from '../../model/run-report.ts'
import { sqliteCompanions } from '../../sources/databases/find-sqlite.ts'
import type { Belongs } from './plan-swap.ts'
import { isContainer } from './work-folder.ts'

/**
 * Narrows what of a target belongs to the application by what its backup passed over, of which the restore point therefore says
 * nothing: what could not be read, and all below it; contents of folders that are marked as caches; folders that hold restore
 * points, or safety points of other applications' restores. That the restore point does not have them is no reason to remove them.
 *
 * @param path where the target's content lies in the restore point: '' for the root, a volume's path else.
 */
export function sparing(belongs: Belongs, target: string, manifest: Pick<Manifest, 'leftOut' | 'selection' | 'databases' | 'foreign'>, path = ''): Belongs {
  const { leftOut, selection, foreign } = manifest
  // What the program of a foreign archive passed over nobody knows.
  const sparesCaches = selection.cacheDirTag || foreign !== undefined
  const inPoint = (below: string): string => path === '' ? below : `${path}/${below}`
  const journals = sqliteJournals(manifest)
  // Of very many the manifest names the first alone: then nothing is known to be superfluous.
  const isCut = leftOut.length >= remarksKept || leftOut.some((remark) => remark.path === undefined)
  // Of `metadata` the content is there.
  const unread = new Set(leftOut.flatMap((remark) => remark.path === undefined || remark.code === 'metadata' ? [] : [remark.path]))
  const isUnread = (below: string): boolean => {
    for (let at = inPoint(below); at !== '.' && unread.size > 0; at = dirname(at)) if (unread.has(at)) return true
    return false
  }
  const tagged = new Map<string, boolean>()
  const isCache = (folder: string): boolean => {
    if (!sparesCaches || folder === '.') return false
    const known = tagged.get(folder) ?? hasCacheTag(join(target, folder))
    tagged.set(folder, known)
    return known
  }
  return (below, isDir) => {
    const verdict = belongs(below, isDir)
    // Beside the restored database a journal of the former one would be applied to it, and destroy it.
    if (verdict === 'skip' || below === '.' || journals.has(inPoint(below))) return verdict
    if (isUnread(below) || isCache(dirname(below))) return 'skip'
    if (isDir && (isContainer(basename(below)) || holdsRestorePoints(join(target, below)))) return 'skip'
    return isCut || (isDir && isCache(below)) ? 'descend' : verdict
  }
}

/** What may lie beside the SQLite databases of a restore point, by its path there: stale as soon as they are restored. */
export function sqliteJournals({ databases }: Pick<Manifest, 'databases'>): ReadonlySet<string> {
  return new Set(databases.filter(({ engine }) => engine === 'sqlite').flatMap(({ path }) => sqliteCompanions(path)))
}

/** Told by the text that lies beside the archives. */
function holdsRestorePoints(folder: string): boolean {
  return beginsWith(join(folder, guideName), Buffer.from(guideTitle))
}
