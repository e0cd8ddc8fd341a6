import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import type { Container } from './container.ts'
import { realPath } from '../../disk/real-path.ts'
import { isWithin } from './find-containers.ts'

/** Where named volumes lie in a restore point, each in a folder of its name. */
export const volumesFolder = '.holdfast-volumes'

/** A named volume of an application's containers that lies outside its root. */
export type Volume = { readonly name: string; readonly source: string; readonly path: string }

/** The volumes that the containers use, each once; those that lie in the root are among its files. */
export function volumesOf(containers: readonly Container[], root: string): readonly Volume[] {
  const found = new Map<string, Volume>()
  for (const { mounts } of containers) {
    for (const { kind, name, source } of mounts) {
      if (kind !== 'volume' || name === undefined || isWithin(root, realPath(source))) continue
      // An engine's own rule for names; anything else would be no safe folder.
      if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(name)) found.set(name, { name, source, path: `${volumesFolder}/${name}` })
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
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
  const volume = volumes.find(({ name }) => name === mount.name)
  return volume === undefined ? undefined : posix.join(volume.path, rest)
}
