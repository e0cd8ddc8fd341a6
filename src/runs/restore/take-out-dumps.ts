import { mkdirSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { copyFolderMetadata } from '../../disk/folder-metadata.ts'
import { systemPath } from '../../disk/name-codec.ts'
import { AppError } from '../../kit/app-error.ts'

/**
 * Moves the dumps out of a stage, each to the given name in `folder`, and leaves the stage as if they had never lain
 * there: folders that were made for them alone are gone, and the others have the times that they had.
 * `given` are the folders above dumps that the restore point itself holds.
 *
 * @throws AppError `archive.damaged` where a dump is not in the stage.
 */
export function takeOutDumps(stage: AnchoredFolder, dumps: ReadonlyMap<string, string>, given: ReadonlySet<string>, folder: string): void {
  const parents = [...new Set([...dumps.keys()].flatMap(foldersAbove))].sort((a, b) => b.split('/').length - a.split('/').length)
  const kept = parents.filter((path) => given.has(path)).map((path, index) => ({ path, copy: join(folder, `metadata-${index}`) }))
  for (const { path, copy } of kept) {
    mkdirSync(copy)
    copyFolderMetadata(stage.at(path), copy)
  }
  for (const [path, name] of dumps) {
    if (stage.lstat(path)?.isFile() !== true) throw new AppError('archive.damaged', `The restore point holds no dump ${path}`, { hint: 'Verify the restore point, and choose another one.' })
    renameSync(stage.at(path), systemPath(join(folder, name)))
  }
  for (const path of parents) if (path !== '.' && !given.has(path) && stage.names(path).length === 0) rmdirSync(stage.at(path))
  for (const { path, copy } of kept) {
    copyFolderMetadata(copy, stage.at(path))
    rmdirSync(copy)
  }
}

/** All folders above a path, the root (`.`) too. */
export function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]
}
