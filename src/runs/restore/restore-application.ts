import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { compileSelection } from '../../disk/selection.ts'
import type { Select } from '../../disk/selection.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import { AppError } from '../../kit/app-error.ts'
import type { FileOwner } from '../../model/file-owner.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { VaultReader } from '../../model/vault.ts'
import { sqliteCompanions } from '../../sources/databases/find-sqlite.ts'
import { knownPreset } from '../../sources/presets/detect-preset.ts'
import type { Application } from '../application.ts'
import { excludesOf, ownFolders, presetOf, presetWhereThere } from '../application.ts'
import type { AppState } from '../app-state.ts'
import { hooksOf } from '../hooks-of.ts'
import type { RunContext } from '../perform-run.ts'
import { performRun } from '../perform-run.ts'
import { tellingJeedom } from '../tell-jeedom.ts'
import { listening, notingLog, PresetLogFile } from '../preset-log.ts'
import { containedRestore } from './contained-restore.ts'
import { databaseTargets, serverDumps } from './database-targets.ts'
import type { TargetOptions } from './database-targets.ts'
import { broughtBy, isAtHome, ownersOf, reachableDumps, refuseBrokenDumps, refuseForeign, refuseOtherKind, refuseOtherLayout, savedBy } from './foreign-restore.ts'
import type { Belongs } from './plan-swap.ts'
import type { RestorePreview } from './preview-restore.ts'
import { refuseSystemFolder } from './refuse-system-folder.ts'
import { restorePoint } from './restore-point.ts'
import { sparing, sqliteJournals } from './spare.ts'
import { isContainer, keepSafetyMs } from './work-folder.ts'

/** Of what the target keeps so many paths are told. */
const mostKept = 5

export type RestoreOptions = {
  readonly only?: 'files' | 'databases'
  /** Chosen paths, relative to the root; empty for all. */
  readonly paths: readonly string[]
  readonly ownership: Ownership
  readonly trusted: boolean
  /** True for an archive that was named by its path, outside any place. */
  readonly isOutside: boolean
  /** Whether scripts that the restore point brings may run after it. */
  readonly trustHooks: boolean
  readonly dryRun: boolean
  /** Where restore points are known to lie beside the application's own vaults; what is below the target stays as it is. */
  readonly places: readonly string[]
  /** Whose the application's own log is; by default the running user's. */
  readonly owner?: FileOwner
  readonly databases: TargetOptions
  /** Whether `confirm` asks a person, who takes time. */
  readonly asks: boolean
  confirm(preview: RestorePreview, databases: readonly string[]): Promise<boolean>
}

export type RestoreResult = { readonly report: RunReport; readonly preview?: RestorePreview; readonly safety?: string; readonly databases: readonly string[]; readonly error?: AppError }

/**
 * Restores a point into an application's root, as one run. In place — into the root that the point was made from, or
 * into a configured application — its databases are imported; into another folder dumps are put down as files, unless the
 * options name where they go: nobody's live database is overwritten by a look into a restore point.
 */
export async function restoreApplication(app: Application, vault: VaultReader, id: string, options: RestoreOptions, state: AppState, context: RunContext): Promise<RestoreResult> {
  const result: { preview?: RestorePreview; safety?: string; databases: readonly string[] } = { databases: [] }
  using log = new PresetLogFile(presetWhereThere(app), app.root, options.owner)
  const { report, error } = await performRun(options.dryRun ? 'plan' : 'restore', state, listening(context, log), tellingJeedom({ app, state, silent: options.dryRun }, 'restore', notingLog(log, async (run) => {
    const manifest = await vault.manifest(id, run)
    refuseSystemFolder(app, manifest)
    const isForeign = options.isOutside || manifest.foreign !== undefined
    if (isForeign) await refuseForeign(app, [])
    refuseOtherKind(app, manifest)
    refuseOtherLayout(app, manifest)
    if (options.only !== 'files') refuseBrokenDumps(manifest)
    const wholly = options.paths.length === 0
    const imports = options.only !== 'files' && wholly && (app.configured || app.root === manifest.root || isAtHome(app, manifest, options.databases) || options.databases.renamed.size > 0 || Object.keys(options.databases.overrides).length > 0 || options.only === 'databases')
    const dumps = imports ? options.only === 'databases' ? serverDumps(manifest) : reachableDumps(serverDumps(manifest), manifest, options.databases) : []
    const targets = imports ? await databaseTargets(dumps, { ...options.databases, ...afterImportOf(manifest.preset) }, state.tempFolder, run) : []
    if (isForeign) await refuseForeign(app, targets.flatMap(({ place }) => place ?? []))
    const contained = await containedRestore(app, manifest, { inPlace: app.configured || app.root === manifest.root, imports, onlyDatabases: options.only === 'databases', allFiles: options.only !== 'databases' && wholly && manifest.scope !== 'database', trusted: options.trusted }, state, run)
    result.databases = [...[...targets, ...contained.targets].map(({ label }) => label), ...contained.volumes.map(({ name }) => `the volume ${name}`)]
    if (options.only !== 'files' && wholly) {
      for (const { name, path } of serverDumps(manifest)) if (!dumps.some((dump) => dump.path === path)) run.emit({ type: 'run.note', code: 'restore.dump-as-file', path, message: `the dump of ${name} is restored as a file; name a server (--db-…) to import it` })
    }
    const missing = new Set(options.paths.map(cleanPath))
    if (!manifest.complete) run.emit({ type: 'run.note', code: 'restore.incomplete', message: `This restore point is incomplete ("holdfast show ${id}" says what is missing in it). What could not be read when it was made stays as the target has it` })
    const { belongs, wanted, kept, brought } = scopeOfRestore(app, manifest, options, foldersOfHoldfast(app, options, state), new Set(options.only === 'files' ? serverDumps(manifest).map(({ path }) => path) : dumps.map(({ path }) => path)))
    const hasFileDatabases = manifest.databases.some(({ engine }) => engine === 'sqlite')
    const files = options.only === 'databases' ? hasFileDatabases : manifest.scope !== 'database' || hasFileDatabases || !imports
    if (options.only === 'databases' && !files && targets.length + contained.targets.length === 0) throw new AppError('usage', 'The restore point holds no database', { hint: '"holdfast show" tells what it holds.' })
    let broughtNextcloud = false
    const tellPlan = ({ samples }: RestorePreview): void => {
      for (const path of samples.linked) run.emit({ type: 'run.note', code: 'restore.link', path, message: 'is a link to a folder, and a folder in the restore point: the restore puts a folder in its place, and what the link leads to stays as it is' })
      for (const path of manifest.foreign === undefined ? [] : kept) run.emit({ type: 'run.note', code: 'restore.kept', path, message: 'is not restored, as the application here never saves or replaces it; restored into an empty folder it is there' })
      for (const [path, what] of brought) run.emit({ type: 'run.note', code: 'restore.brought', path, message: `comes back as files: ${what}. What else lies there stays` })
    }
    const outcome = await restorePoint({
      app: app.name, vault, id, manifest, target: app.root, files, databases: [...targets, ...contained.targets], belongs,
      volumes: contained.volumes, ...(contained.freezer === undefined ? {} : { freezer: contained.freezer }),
      wanted(path) {
        const isOfVolume = contained.volumes.some((volume) => path === volume.path || path.startsWith(`${volume.path}/`))
        const taken = !contained.taken.has(path) && !isOfVolume && wanted(path)
        if ((taken || isOfVolume) && /(?:^|\/)config\/config\.php$/.test(path)) broughtNextcloud = true
        if (taken && missing.size > 0) for (const chosen of missing) if (path === chosen || path.startsWith(`${chosen}/`)) missing.delete(chosen)
        return taken
      },
      ownership: ownersOf(manifest, options.ownership, app.root), trusted: options.trusted, hooks: hooksOf(app, run, () => ({ HOLDFAST_POINT: id, HOLDFAST_TARGET: app.root }), options.trustHooks),
      tempFolder: state.tempFolder, keepSafetyMs, dryRun: options.dryRun, asks: options.asks,
      async confirm(preview) {
        requireFound(missing)
        tellPlan(preview)
        return await options.confirm(preview, result.databases)
      },
    }, run)
    requireFound(missing)
    if (broughtNextcloud && !options.dryRun) await contained.endMaintenance(run)
    if (options.dryRun) tellPlan(outcome.preview)
    Object.assign(result, outcome)
  })))
  return { report, ...result, ...(error === undefined ? {} : { error }) }
}

/** A point of a later version may name a preset that this one does not know. */
export function afterImportOf(preset: string): { afterImport?: string } {
  const afterImport = knownPreset(preset)?.afterImport
  return afterImport === undefined ? {} : { afterImport }
}

/** A path that was mistyped must not look restored. */
function requireFound(missing: ReadonlySet<string>): void {
  if (missing.size === 0) return
  throw new AppError('usage', `The restore point holds nothing at ${[...missing].join(', ')}, or the target excludes it`, { hint: '"holdfast show --files" lists what it holds.' })
}

/** What is written and what may be replaced or removed: within what the source would have saved, and nothing that the target itself excludes. */
function scopeOfRestore(app: Application, manifest: Manifest, options: RestoreOptions, holdfasts: readonly string[], dumps: ReadonlySet<string>): { belongs: Belongs; wanted: (path: string) => boolean; kept: ReadonlySet<string>; brought: ReadonlyMap<string, string> } {
  const saved = savedBy(manifest)
  const isThere = existsSync(app.root)
  const own = isThere ? compileSelection({ include: [], exclude: [...excludesOf(app, presetOf(app)), ...holdfasts] }) : (): 'take' => 'take'
  const chosen = options.paths.map(cleanPath)
  // A point of databases alone has of the files only the SQLite databases and dumps that are not imported, and replaces no others.
  const isOfDatabases = manifest.scope === 'database' || options.only === 'databases'
  const only = isOfDatabases ? manifest.databases.filter(({ path, engine }) => options.only === 'databases' ? engine === 'sqlite' : !dumps.has(path)).map(({ path }) => path) : chosen
  const limited = isOfDatabases || chosen.length > 0
  const journals = sqliteJournals(manifest)
  // What another program's archive says of its top, if anything, is nothing to change the application's own folder by.
  const keepsRoot = manifest.foreign !== undefined && isThere
  const isChosen = (path: string): boolean => !limited || only.some((one) => path === one || path.startsWith(`${one}/`))
  const belongs = sparing((path, isDir) => {
    if (path === '.' && keepsRoot) return 'descend'
    // The journal of a database that is replaced would be applied to the new one and destroy it, whatever is excluded.
    if (journals.has(path) && (isChosen(path) || only.some((one) => isBeside(path, one)))) return 'take'
    if (saved(path, isDir) === 'skip' || own(path, isDir) === 'skip') return 'skip'
    if (saved(path, isDir) === 'descend') return 'descend'
    if (isChosen(path)) return 'take'
    return isDir && only.some((one) => one.startsWith(`${path}/`)) ? 'descend' : 'skip'
  }, app.root, manifest)
  // The first of what the restore point holds and the target keeps its own of.
  const kept = new Set<string>()
  const brings = broughtBy(manifest, app.root)
  const brought = new Map<string, string>()
  const ofUser = compileSelection({ include: [], exclude: app.config.exclude })
  const isOwn = (path: string): boolean => {
    // Safety points that an earlier backup has saved are none that could be undone, and those that lie there now may be.
    if (isThere && path.split('/').some(isContainer)) return true
    if (!isSkipped(own, path)) return false
    for (const [folder, what] of isSkipped(ofUser, path) ? [] : brings) {
      if (path === folder || path.startsWith(`${folder}/`)) brought.set(folder, what)
      else if (!folder.startsWith(`${path}/`)) continue
      return false
    }
    if (kept.size < mostKept) kept.add(path)
    return true
  }
  const isLead = (path: string): boolean => path === '.' || only.some((one) => one.startsWith(`${path}/`))
  return {
    belongs,
    kept,
    brought,
    wanted: (path) => !dumps.has(path) && !isOwn(path) && (isLead(path) || isChosen(path)),
  }
}

/** Patterns of what Holdfast itself keeps below the target: places of restore points and its state. @throws AppError `restore.target` where the target is one. */
function foldersOfHoldfast(app: Application, { places }: RestoreOptions, state: AppState): readonly string[] {
  const { vaults, place } = app.whole
  const all = [...places, ...app.vaults.map((vault) => vault.place), ...Object.values(vaults).map((vault) => vault.place), ...(place === undefined ? [] : [place]), dirname(state.folder)]
  try {
    return [...new Set(ownFolders(app.root, all))]
  } catch (cause) {
    throw new AppError('restore.target', `${app.root} is where Holdfast keeps its restore points or its state, and is no target of a restore`, { hint: 'Name another folder with --target.', cause })
  }
}

function isSkipped(select: Select, path: string): boolean {
  return select(path, false) === 'skip' || select(path, true) === 'skip'
}

function isBeside(path: string, chosen: string): boolean {
  return sqliteCompanions(chosen).includes(path)
}

function cleanPath(path: string): string {
  const clean = path.replace(/^\.?\/+/, '').replace(/\/+$/, '')
  if (clean === '' || clean.split('/').some((part) => part === '..' || part === '.' || part === '')) {
    throw new AppError('usage', `"${path}" is no path within a restore point`, { hint: 'Write it relative to the application\'s root, as "holdfast show --files" lists it.' })
  }
  return clean
}
