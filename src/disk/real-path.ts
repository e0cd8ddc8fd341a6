import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** Where a path really leads to; the path itself where nothing is there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** The same for what is still to be made: it may come to lie behind a link. */
export function realTarget(path: string): string {
  let there = path
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there)
  return join(realPath(there), relative(there, path))
}
