import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import type { Container } from './container.ts'
import type { VolumeFacts } from '../../model/restore-point.ts'
import { realPath } from '../../disk/real-path.ts'
import type { EngineVolume } from './engine-volumes.ts'
import { isWithin } from '../../disk/is-within.ts'

/** Where named volumes lie in a restore point, each in a folder of its name. */
export const volumesFolder = '.holdfast-volumes'

/** A named volume that belongs to an application and lies outside its root; the engine is the one that has it. */
export type Volume = VolumeFacts & { readonly engine: string; readonly driver: string; readonly options: Record<string, string> }

/** What a restore point says of volumes. Two engines may each have one of a name; then the second one's folder gets a number. */
export function volumesOf(found: readonly EngineVolume[]): readonly Volume[] {
  const taken = new Set<string>()
  return [...found].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)).flatMap(({ engine, name, folder, driver, options, labels }) => {
    // An engine's own rule for names; anything else would be no safe folder.
    if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) return []
    let path = `${volumesFolder}/${name}`
    for (let number = 2; taken.has(path); number++) path = `${volumesFolder}/${name}@${number}`
    taken.add(path)
    return [{ name, path, source: folder, engine: engine.socket, driver, options: withoutSecrets(driver, options), ...(Object.keys(labels).length === 0 ? {} : { labels }) }]
  })
}

/** Folders outside the root, and no volumes, that containers write into: nothing of them is in a restore point. */
export function foldersOutside(containers: readonly Container[], root: string): readonly { readonly container: Container; readonly source: string }[] {
  return containers.flatMap((container) => container.mounts.flatMap(({ kind, source, writable }) => {
    if (kind !== 'bind' || !writable || isWithin(root, realPath(source)) || /^\/(?:dev|proc|sys|run|var\/run|tmp)(?:\/|$)/.test(source) || /\.sock$|^\/etc\/(?:localtime|timezone)$/.test(source)) return []
    return existsSync(source) ? [{ container, source }] : []
  }))
}

/** Where a path within a container lies in a restore point; undefined where it is not among what is saved. */
export function savedPath(container: Container, inside: string, root: string, volumes: readonly Volume[]): string | undefined {
  const mounts = container.mounts.filter(({ destination }) => destination !== '' && isWithin(posix.normalize(destination).replace(/(.)\/$/, '$1'), posix.normalize(inside).replace(/(.)\/$/, '$1')))
  const mount = mounts.sort((a, b) => b.destination.length - a.destination.length)[0]
  if (mount === undefined) return undefined
  const rest = posix.relative(mount.destination, inside)
  const source = realPath(mount.source)
  if (isWithin(root, source)) return posix.relative(root, posix.join(source, rest))
  const volume = volumes.find(({ name, engine }) => name === mount.name && engine === container.engine.socket)
  return volume === undefined ? undefined : posix.join(volume.path, rest)
}

/** Another driver's options may be anything, and those of a mount hold its password. */
function withoutSecrets(driver: string, options: EngineVolume['options']): Record<string, string> {
  if (driver !== 'local') return {}
  const { o, ...others } = options
  return { ...others, ...(o === undefined ? {} : { o: o.split(',').filter((word) => !/^pass/i.test(word)).join(',') }) }
}
