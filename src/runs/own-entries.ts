import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeName, systemPath } from '../disk/name-codec.ts'
import { snapshotSchema } from '../model/restore-point.ts'

const ownNames = new Set(['RESTORE.md', 'lost+found'])
const mostSidecarBytes = 1024 * 1024

/**
 * Names at the top of a place that are none of Holdfast's: no restore point nor what lies beside one, no reference of an import, nothing
 * unfinished. `keys` are those of the points that were listed there; one that cannot be read any more is known by its sidecar.
 */
export function foreignEntries(place: string, keys: readonly string[]): readonly string[] {
  const tops = new Set(keys.map((key) => key.split('/', 1)[0] ?? key))
  const isPoint = (name: string): boolean => tops.has(name) || hasSidecar(place, name)
  const isOwn = (name: string): boolean => {
    if (ownNames.has(name) || name.startsWith('.holdfast') || isPoint(name)) return true
    if (name === 'imported') return holdsReferences(join(place, name))
    return /\.(?:json|sha256)$/.test(name) && isPoint(name.replace(/\.\w+$/, ''))
  }
  return namesIn(place).filter((name) => !isOwn(name))
}

function namesIn(folder: string): readonly string[] {
  return readdirSync(systemPath(folder), { encoding: 'buffer' }).map(decodeName)
}

/** True where a file beside it tells of a restore point under that very name. */
function hasSidecar(place: string, name: string): boolean {
  const path = systemPath(join(place, `${name}.json`))
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() !== true || stat.size > mostSidecarBytes) return false
  try {
    return snapshotSchema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data?.key === name
  } catch {
    // No JSON, or not readable: nothing of ours.
    return false
  }
}

function holdsReferences(folder: string): boolean {
  return lstatSync(folder).isDirectory() && namesIn(folder).every((name) => name.startsWith('.holdfast') || /^[0-9a-f]{16}\.json$/.test(name))
}
