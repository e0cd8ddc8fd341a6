import { isWithin } from '../../disk/is-within.ts'
import { realPath, realTarget } from '../../disk/real-path.ts'
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
    const how = root === target ? 'same' : isWithin(target, root) ? 'holds' : isWithin(root, target) ? 'within' : undefined
    return how === undefined ? [] : [{ name, root, how }]
  })
  return all.toSorted((a, b) => Number(b.how === 'same') - Number(a.how === 'same'))
}
