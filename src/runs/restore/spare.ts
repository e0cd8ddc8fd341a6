import { closeSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { guideName, guideTitle } from '../../archive/restore-guide.ts'
import { hasCacheTag } from '../../disk/cache-tag.ts'
import { systemPath } from '../../disk/name-codec.ts'
import type { Manifest } from '../../model/restore-point.ts'
import { remarksKept } from '../../model/run-report.ts'
import type { Belongs } from './plan-swap.ts'

/**
 * Narrows what of a target belongs to the application by what its backup passed over, of which the restore point therefore says
 * nothing: what could not be read, and all below it; contents of folders that are marked as caches; folders that hold restore
 * points. That the restore point does not have them is no reason to remove them.
 *
 * @param path where the target's content lies in the restore point: '' for the root, a volume's path else.
 */
export function sparing(belongs: Belongs, target: string, { leftOut, selection }: Pick<Manifest, 'leftOut' | 'selection'>, path = ''): Belongs {
  // Of very many the manifest names the first alone: then nothing is known to be superfluous.
  const isCut = leftOut.length >= remarksKept || leftOut.some((remark) => remark.path === undefined)
  const unread = new Set(leftOut.flatMap((remark) => remark.path === undefined ? [] : [remark.path]))
  const isUnread = (below: string): boolean => {
    for (let at = path === '' ? below : `${path}/${below}`; at !== '.' && unread.size > 0; at = dirname(at)) if (unread.has(at)) return true
    return false
  }
  const tagged = new Map<string, boolean>()
  const isCache = (folder: string): boolean => {
    if (!selection.cacheDirTag || folder === '.') return false
    const known = tagged.get(folder) ?? hasCacheTag(join(target, folder))
    tagged.set(folder, known)
    return known
  }
  return (below, isDir) => {
    const verdict = belongs(below, isDir)
    if (verdict === 'skip' || below === '.') return verdict
    if (isUnread(below) || isCache(dirname(below))) return 'skip'
    if (isDir && holdsRestorePoints(join(target, below))) return 'skip'
    return isCut || (isDir && isCache(below)) ? 'descend' : verdict
  }
}

/** Told by the text that lies beside the archives. */
function holdsRestorePoints(folder: string): boolean {
  let fd: number | undefined
  try {
    fd = openSync(systemPath(join(folder, guideName)), 'r')
    const start = Buffer.alloc(guideTitle.length)
    return readSync(fd, start, 0, start.length, 0) === start.length && start.toString('latin1') === guideTitle
  } catch {
    return false
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
