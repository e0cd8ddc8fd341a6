import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brokenDump } from '../../archive/foreign/describe-foreign.ts'
import { compileSelection } from '../../disk/selection.ts'
import type { Select } from '../../disk/selection.ts'
import { knownKind } from '../../archive/foreign/foreign-point.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts, Manifest } from '../../model/restore-point.ts'
import { generic } from '../../sources/presets/generic.ts'
import type { Application } from '../application.ts'
import { presetWhereThere } from '../application.ts'
import type { TargetOptions } from './database-targets.ts'
import { containerInside } from './work-folder.ts'

/**
 * Refuses what the application's owner has not allowed (`allowForeign: false`): archives from outside its places, and those of
 * other programs. @throws AppError `restore.foreign`.
 */
export function refuseForeign(app: Application, isOutside: boolean): void {
  if (!isOutside || app.config.allowForeign) return
  throw new AppError('restore.foreign', `Archives from outside may not be restored into ${app.name}: its configuration says allowForeign: false`, {
    hint: 'Take a restore point of its own, or have whoever keeps the configuration change that.',
  })
}

/** A dump that breaks off must not come near a database, nor lie there as if it were whole. @throws AppError `archive.damaged`. */
export function refuseBrokenDumps({ foreign, warnings }: Manifest): void {
  const broken = foreign === undefined ? undefined : warnings.find(({ code }) => code === brokenDump)
  if (broken === undefined) return
  throw new AppError('archive.damaged', `${broken.path ?? ''}: ${broken.message}`, { hint: 'Nothing was changed. Take another archive; "--only files" restores the files of this one.' })
}

/**
 * True where a foreign point comes to the installed application that it is of: a folder of that preset, or what is left of one,
 * whose own configuration names its database. Then it is restored as in place, with its database.
 */
export function isAtHome(app: Application, manifest: Manifest, { known }: TargetOptions): boolean {
  return manifest.foreign !== undefined && known.length > 0 && [manifest.preset, generic.name].includes(presetWhereThere(app).name)
}

/**
 * Of a foreign point the dumps for which something says where they go; the others are restored as the files that they were.
 * Of a stack's many databases often only some are reached from here.
 */
export function reachableDumps(dumps: readonly DatabaseFacts[], manifest: Manifest, { known, overrides, renamed }: TargetOptions): readonly DatabaseFacts[] {
  if (manifest.foreign === undefined) return dumps
  const servers = known.filter(({ type }) => type === 'mariadb')
  const only = dumps.length === 1 && servers.length === 1
  return dumps.filter(({ name }) => only || renamed.has(name) || servers.some((server) => 'name' in server && server.name === name) || (dumps.length === 1 && Object.keys(overrides).length > 0))
}

/**
 * What the backup would have saved, and a restore therefore may replace or remove. A foreign archive without anything at its top
 * saved nothing but the folder itself.
 */
export function savedBy({ selection, foreign }: Manifest): Select {
  const holdsNothing = foreign !== undefined && selection.include.length === 0
  return compileSelection({ include: selection.include, exclude: [...selection.exclude, `/${containerInside}/`, ...(holdsNothing ? ['*'] : [])] })
}

/**
 * What comes back with a foreign archive although the application's preset neither saves nor replaces what it lies in, by folder,
 * with what it is. Where a link of the target leads to such a folder it stays as it is.
 */
export function broughtBy({ foreign }: Manifest, target: string): ReadonlyMap<string, string> {
  const brings = foreign === undefined ? {} : knownKind(foreign.kind)?.brings ?? {}
  const isLink = (path: string): boolean => lstatSync(join(target, path), { throwIfNoEntry: false })?.isSymbolicLink() === true
  return new Map(Object.entries(brings).filter(([folder]) => !folder.split('/').some((_, at, parts) => isLink(parts.slice(0, at + 1).join('/')))))
}

/** A zip of another program tells no owners: as root its files get that of the folder that they are restored into. */
export function ownersOf(manifest: Manifest, wanted: Ownership, target: string): Ownership {
  if (manifest.foreign?.container !== 'zip' || wanted !== 'numeric' || process.geteuid?.() !== 0) return wanted
  const there = statSync(target, { throwIfNoEntry: false })
  return there === undefined ? wanted : { uid: there.uid, gid: there.gid }
}
