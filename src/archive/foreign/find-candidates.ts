import { lstatSync, readdirSync } from 'node:fs'
import type { Dirent } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { systemPath } from '../../disk/name-codec.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { temporaryPrefix } from '../../kit/temporary-name.ts'
import type { Run } from '../../model/run.ts'
import type { ForeignSetKind } from './foreign-kind.ts'
import { foreignSetKinds } from './foreign-kinds.ts'

/** Something that may be a foreign restore point: a file, a folder, or several files whose names belong together. */
export type Candidate = {
  /** `at`: where its members lie in the application; undefined for a file that belongs to it and holds no members. */
  readonly files: readonly { readonly path: string; readonly at: string | undefined }[]
  readonly set?: { readonly kind: ForeignSetKind; readonly name: string }
  /** True where the user named it; false for what was come across in a folder. */
  readonly named: boolean
}

// Deeper than anybody keeps archives.
const deepest = 8

/**
 * What there is to look at. A file stands for itself, or for the whole set that its name belongs to; a folder is searched,
 * unless it is itself a restore point: it has a dump at its top where its kind puts it.
 * @throws AppError `vault.missing`, `storage.denied` for what was named.
 */
export function findCandidates(paths: readonly string[], run: Run): readonly Candidate[] {
  const found: Candidate[] = []
  const sets = new Set<string>()
  const take = (path: string, named: boolean): void => {
    const set = setAt(path, named)
    if (set === undefined) {
      found.push({ files: [{ path, at: '' }], named })
      return
    }
    const key = `${dirname(path)}\0${set.set?.name ?? ''}`
    if (!sets.has(key)) found.push(set)
    sets.add(key)
  }
  for (const path of paths) {
    const stats = lstatSync(systemPath(path), { throwIfNoEntry: false })
    if (stats === undefined) throw new AppError('vault.missing', `${path} is not there`, { hint: 'Check the path.' })
    if (!stats.isDirectory() || isPointFolder(path)) take(path, true)
    else for (const inside of search(path, 0, run)) take(inside, false)
  }
  return found
}

/** The candidate that one path stands for. */
export function candidateAt(path: string): Candidate {
  return setAt(path, true) ?? { files: [{ path, at: '' }], named: true }
}

function setAt(path: string, named: boolean): Candidate | undefined {
  for (const kind of foreignSetKinds) {
    const own = kind.partOf(basename(path))
    if (own === undefined) continue
    const files = names(dirname(path)).flatMap((name) => {
      const part = kind.partOf(name)
      return part === undefined || part.set !== own.set ? [] : [{ path: join(dirname(path), name), at: kind.parts[part.part] }]
    })
    return { files, set: { kind, name: own.set }, named }
  }
  return undefined
}

/** A folder that was written instead of a zip: a dump at the top tells it from a live application. */
function isPointFolder(path: string): boolean {
  return names(path).some((name) => name === 'database.sql' || name === 'DB_backup.sql')
}

function* search(folder: string, depth: number, run: Run): Generator<string> {
  let items: Dirent[]
  try {
    items = readdirSync(systemPath(folder), { withFileTypes: true })
  } catch (error) {
    run.emit({ type: 'run.warning', code: 'storage.denied', path: folder, message: `could not be searched: ${messageOf(error)}` })
    return
  }
  for (const item of items.sort((a, b) => a.name.localeCompare(b.name))) {
    run.signal.throwIfAborted()
    const path = join(folder, item.name)
    // What a restore of ours set aside is no backup.
    if (item.name.startsWith(temporaryPrefix) || (item.isDirectory() && /^\..*holdfast$/.test(item.name))) continue
    if (item.isFile()) yield path
    else if (item.isDirectory() && isPointFolder(path)) yield path
    else if (item.isDirectory() && depth < deepest) yield* search(path, depth + 1, run)
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(systemPath(folder)).sort()
  } catch {
    return []
  }
}
