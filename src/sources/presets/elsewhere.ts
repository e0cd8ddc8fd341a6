import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { isWithin } from '../../disk/is-within.ts'
import { realPath } from '../../disk/real-path.ts'
import type { ApplicationFolder } from './application-folder.ts'
import type { Missing } from './preset.ts'

/** What images of PHP applications call their folder. */
const folderInImages = '/var/www/html'

/** Tells where something of the application lies outside its folder, by a path of its configuration; nothing where it lies within. `says` goes before the path. */
export function elsewhere(folder: ApplicationFolder, file: string, says: string, path: string): readonly Missing[] {
  if (isOfContainer(path) || !isOutside(folder, path)) return []
  return [{ code: 'source.elsewhere', path: file, message: `${says} ${path}, which is not below ${folder.root}: that is not in this restore point. Make the folder that it lies in an application too`, folder: realPath(resolve(folder.root, path)) }]
}

/** In a container the application's own folder has another path, which says nothing from here. */
function isOfContainer(path: string): boolean {
  return isWithin(folderInImages, path) && !existsSync(path)
}

/** By where it really lies: a link may lead out. */
function isOutside(folder: ApplicationFolder, path: string): boolean {
  return !isWithin(realPath(folder.root), realPath(resolve(folder.root, path)))
}
