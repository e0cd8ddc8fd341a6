import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { realPath } from '../../disk/real-path.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { Application } from '../application.ts'

/** `same`: the target is its folder; `holds`: the target lies above it; `within`: the target lies in it. */
export type TouchedApplication = { readonly name: string; readonly root: string; readonly how: 'same' | 'holds' | 'within' }

/**
 * The configured applications whose folders a restore into `app` would change, the target's own first. In place there is none: the
 * point was made from that folder, or is of the application of that name.
 */
export function touchedApplications(app: Application, manifest: Pick<Manifest, 'app' | 'root'>): readonly TouchedApplication[] {
  if (app.root === manifest.root || (app.configured && app.name === manifest.app)) return []
  const target = realTarget(app.root)
  const all = Object.entries(app.whole.apps).flatMap(([name, { root: written }]): TouchedApplication[] => {
    const root = realPath(written)
    const how = root === target ? 'same' : isBelow(root, target) ? 'holds' : isBelow(target, root) ? 'within' : undefined
    return how === undefined ? [] : [{ name, root, how }]
  })
  return all.toSorted((a, b) => Number(b.how === 'same') - Number(a.how === 'same'))
}

/** A folder that is still to be made may lie behind a link. */
function realTarget(path: string): string {
  let there = path
  while (!existsSync(there)) there = dirname(there)
  return join(realPath(there), relative(there, path))
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === '/' ? '/' : `${folder}/`)
}
