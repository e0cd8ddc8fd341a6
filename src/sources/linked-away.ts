import { lstatSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isWithin } from '../disk/is-within.ts'
import { decodeName, systemPath } from '../disk/name-codec.ts'
import { compileSelection } from '../disk/selection.ts'
import type { SelectionRules } from '../model/restore-point.ts'

/** A link to a folder outside the application: the link is saved, and not what it leads to. */
type Away = { readonly path: string; readonly target: string }

export type LinkedAway = {
  /** What the application's patterns name as its own: the restore point is incomplete without it. */
  readonly named: readonly Away[]
  /** Others right below its root. */
  readonly others: readonly Away[]
}

/**
 * Folders that a link lets lie outside the application, as `volumes -> /mnt/ssd/volumes`. What `rules` exclude is left out on purpose.
 * @param patterns of what belongs to the application; of use are those without wildcards.
 */
export function linkedAway(root: string, patterns: readonly string[], rules: SelectionRules): LinkedAway {
  const isExcluded = compileSelection({ include: [], exclude: rules.exclude })
  const isChosen = compileSelection(rules)
  const named = new Map(patterns.flatMap((pattern) => {
    const found = /^\/(?!.*[*?[\]\\!])(.+?)\/?$/.exec(pattern)?.[1]
    const away = found === undefined ? undefined : firstAway(root, found)
    return away === undefined || isExcluded(away.path, true) === 'skip' ? [] : [[away.path, away]]
  }))
  const others = namesIn(root).flatMap((name) => named.has(name) || isChosen(name, true) === 'skip' ? [] : awayAt(root, name) ?? [])
  return { named: [...named.values()], others }
}

/** The first part of a path that is such a link. */
function firstAway(root: string, path: string): Away | undefined {
  const parts = path.split('/')
  for (let count = 1; count <= parts.length; count++) {
    const away = awayAt(root, parts.slice(0, count).join('/'))
    if (away !== undefined) return away
  }
  return undefined
}

function awayAt(root: string, path: string): Away | undefined {
  const at = systemPath(join(root, path))
  try {
    if (!lstatSync(at).isSymbolicLink() || !statSync(at).isDirectory()) return undefined
    const target = decodeName(realpathSync(at, { encoding: 'buffer' }))
    return isWithin(root, target) ? undefined : { path, target }
  } catch {
    // Not there, or not to be seen: whoever saves it tells that.
    return undefined
  }
}

function namesIn(root: string): readonly string[] {
  try {
    return readdirSync(systemPath(root), { encoding: 'buffer' }).map(decodeName).sort()
  } catch {
    return []
  }
}
