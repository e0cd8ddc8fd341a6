import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { brokenDump } from '../../archive/foreign/describe-foreign.ts'
import { isWithin } from '../../disk/is-within.ts'
import { realTarget } from '../../disk/real-path.ts'
import { compileSelection } from '../../disk/selection.ts'
import type { Select } from '../../disk/selection.ts'
import { knownKind } from '../../archive/foreign/foreign-point.ts'
import type { DatabaseConfig } from '../../config/config-schema.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts, Manifest } from '../../model/restore-point.ts'
import { compose } from '../../sources/presets/compose.ts'
import { knownPreset } from '../../sources/presets/detect-preset.ts'
import { generic } from '../../sources/presets/generic.ts'
import { iotstack } from '../../sources/presets/iotstack.ts'
import type { Application } from '../application.ts'
import { configuredApplication, presetWhereThere } from '../application.ts'
import { databasesAtTarget } from '../open-databases.ts'
import type { TargetOptions } from './database-targets.ts'
import type { DatabasePlace } from './same-database.ts'
import { mayBeSameDatabase } from './same-database.ts'
import { containerInside, isContainer } from './work-folder.ts'

/**
 * Refuses what an application's owner has not allowed (`allowForeign: false`): archives from outside its places, and those of
 * other programs. Whoever restores one into a folder above or below such an application, or into its database, restores into it too.
 * @throws AppError `restore.foreign`.
 */
export async function refuseForeign(app: Application, databases: readonly DatabasePlace[]): Promise<void> {
  for (const name of Object.keys(app.whole.apps)) {
    const owned = configuredApplication(name, app.whole, app.root)
    const [target, folder] = [realTarget(app.root), realTarget(owned.root)]
    if (isWithin(target, folder) || isWithin(folder, target)) requireAllowed(owned, owned.root === app.root ? '' : `, whose folder is ${owned.root}`)
    if (owned.config.allowForeign || databases.length === 0) continue
    for (const known of knownDatabases(owned)) {
      for (const database of databases) if (known.type === 'mariadb' && await mayBeSameDatabase(known, database)) requireAllowed(owned, `, whose database is ${database.name}`)
    }
  }
}

/** @throws AppError `restore.foreign`. */
export function requireAllowed({ name, config }: Application, what = ''): void {
  if (config.allowForeign) return
  throw new AppError('restore.foreign', `Archives from outside may not be restored into ${name}${what}: its configuration says allowForeign: false`, {
    hint: 'Take a restore point of its own, or have whoever keeps the configuration change that.',
  })
}

/** Of a folder that this user may not read nothing is known, the password of its database neither. */
function knownDatabases(app: Application): readonly DatabaseConfig[] {
  try {
    return databasesAtTarget(app, app.config.preset ?? generic.name).known
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('source.')) return []
    throw error
  }
}

/** One application must not be mixed into another: what fits into a folder that holds nothing fits anywhere. @throws AppError `restore.target`. */
export function refuseOtherKind(app: Application, manifest: Manifest): void {
  const there = presetWhereThere(app).name
  const comes = manifest.preset
  if (isOneFamily(there, comes) || (manifest.foreign === undefined && manifest.root === app.root) || !holdsSomething(app.root)) return
  throw new AppError('restore.target', `In ${app.root} lies an application of the kind ${there}, and the restore point is of the kind ${comes}`, {
    hint: `Restore it into an empty folder with --target. If it is the same application after all, say "preset: ${comes}" in its part of holdfast.yaml.`,
  })
}

/** What would only lie beside the application, and change nothing of it, must not be called restored. @throws AppError `restore.target`. */
export function refuseOtherLayout(app: Application, { foreign, preset }: Manifest): void {
  const notInPlace = foreign === undefined ? undefined : knownKind(foreign.kind)?.notInPlace
  if (notInPlace === undefined || presetWhereThere(app).name !== preset || !holdsSomething(app.root)) return
  throw new AppError('restore.target', `This archive is laid out otherwise than the application in ${app.root}, and would change nothing of it`, { hint: notInPlace })
}

/** A stack that IOTstack made may look like any other; `generic` fits any folder, and what a later version calls its kind is not known. */
function isOneFamily(one: string, other: string): boolean {
  const family = (name: string): string => name === iotstack.name ? compose.name : name
  return [one, other].some((name) => name === generic.name || knownPreset(name) === undefined) || family(one) === family(other)
}

function holdsSomething(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => !isContainer(name))
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
