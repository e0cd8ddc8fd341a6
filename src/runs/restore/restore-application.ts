import { compileSelection } from '../../disk/selection.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import { AppError } from '../../kit/app-error.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { RunReport } from '../../model/run-report.ts'
import type { VaultReader } from '../../model/vault.ts'
import { sqliteCompanions } from '../../sources/databases/find-sqlite.ts'
import type { Application } from '../application.ts'
import { presetOf } from '../application.ts'
import type { AppState } from '../app-state.ts'
import { hooksOf } from '../hooks-of.ts'
import type { RunContext } from '../perform-run.ts'
import { performRun } from '../perform-run.ts'
import { databaseTargets, serverDumps } from './database-targets.ts'
import type { TargetOptions } from './database-targets.ts'
import type { Belongs } from './plan-swap.ts'
import type { RestorePreview } from './preview-restore.ts'
import { restorePoint } from './restore-point.ts'
import { containerInside, keepSafetyMs } from './work-folder.ts'
import { existsSync } from 'node:fs'

export type RestoreOptions = {
  readonly only?: 'files' | 'databases'
  /** Chosen paths, relative to the root; empty for all. */
  readonly paths: readonly string[]
  readonly ownership: Ownership
  readonly trusted: boolean
  readonly dryRun: boolean
  readonly databases: TargetOptions
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
  const { report, error } = await performRun('restore', state, context, async (run) => {
    const manifest = await vault.manifest(id, run)
    const wholly = options.paths.length === 0
    const imports = options.only !== 'files' && wholly && (app.configured || app.root === manifest.root || options.databases.renamed.size > 0 || Object.keys(options.databases.overrides).length > 0 || options.only === 'databases')
    const targets = imports ? await databaseTargets(serverDumps(manifest), options.databases, state.tempFolder, run) : []
    result.databases = targets.map(({ label }) => label)
    if (!imports && options.only !== 'files' && wholly) {
      for (const { name, path } of serverDumps(manifest)) run.emit({ type: 'run.note', code: 'restore.dump-as-file', path, message: `the dump of ${name} is restored as a file; name a server (--db-…) to import it` })
    }
    const missing = new Set(options.paths.map(cleanPath))
    const { belongs, wanted } = scopeOfRestore(app, manifest, options, new Set(imports || options.only === 'files' ? serverDumps(manifest).map(({ path }) => path) : []))
    const files = options.only !== 'databases' && (manifest.scope !== 'database' || manifest.databases.some(({ engine }) => engine === 'sqlite') || !imports)
    const outcome = await restorePoint({
      app: app.name, vault, id, manifest, target: app.root, files, databases: targets, belongs,
      wanted(path) {
        const taken = wanted(path)
        if (taken && missing.size > 0) for (const chosen of missing) if (path === chosen || path.startsWith(`${chosen}/`)) missing.delete(chosen)
        return taken
      },
      ownership: options.ownership, trusted: options.trusted, hooks: hooksOf(app, run, () => ({ HOLDFAST_POINT: id, HOLDFAST_TARGET: app.root })),
      tempFolder: state.tempFolder, keepSafetyMs, dryRun: options.dryRun,
      async confirm(preview) {
        requireFound(missing)
        return await options.confirm(preview, result.databases)
      },
    }, run)
    requireFound(missing)
    Object.assign(result, outcome)
  })
  return { report, ...result, ...(error === undefined ? {} : { error }) }
}

/** A path that was mistyped must not look restored. */
function requireFound(missing: ReadonlySet<string>): void {
  if (missing.size === 0) return
  throw new AppError('usage', `The restore point holds nothing at ${[...missing].join(', ')}, or the target excludes it`, { hint: '"holdfast show --files" lists what it holds.' })
}

/** What is written and what may be replaced or removed: within what the source would have saved, and nothing that the target itself excludes. */
function scopeOfRestore(app: Application, manifest: Manifest, options: RestoreOptions, dumps: ReadonlySet<string>): { belongs: Belongs; wanted: (path: string) => boolean } {
  const saved = compileSelection({ include: manifest.selection.include, exclude: [...manifest.selection.exclude, `/${containerInside}/`] })
  const own = existsSync(app.root) ? compileSelection({ include: [], exclude: [...presetOf(app).exclude, ...app.config.exclude] }) : (): 'take' => 'take'
  const chosen = options.paths.map(cleanPath)
  // A point of databases alone has of the files only the SQLite databases, and replaces no others.
  const only = manifest.scope === 'database' ? manifest.databases.filter(({ engine }) => engine === 'sqlite').map(({ path }) => path) : chosen
  const limited = manifest.scope === 'database' || chosen.length > 0
  const journals = new Set(manifest.databases.filter(({ engine }) => engine === 'sqlite').flatMap(({ path }) => sqliteCompanions(path)))
  const belongs: Belongs = (path, isDir) => {
    // The journal of a database that is replaced would be applied to the new one and destroy it, whatever is excluded.
    if (journals.has(path) && (!limited || only.some((one) => isBeside(path, one) || path.startsWith(`${one}/`)))) return 'take'
    if (saved(path, isDir) === 'skip' || own(path, isDir) === 'skip') return 'skip'
    if (saved(path, isDir) === 'descend') return 'descend'
    if (!limited || only.some((one) => path === one || path.startsWith(`${one}/`))) return 'take'
    return isDir && only.some((one) => one.startsWith(`${path}/`)) ? 'descend' : 'skip'
  }
  const isLead = (path: string): boolean => path === '.' || only.some((one) => one.startsWith(`${path}/`))
  return {
    belongs,
    wanted: (path) => !dumps.has(path) && own(path, false) !== 'skip' && own(path, true) !== 'skip'
      && (!limited || isLead(path) || only.some((one) => path === one || path.startsWith(`${one}/`))),
  }
}

function isBeside(path: string, chosen: string): boolean {
  return sqliteCompanions(chosen).includes(path)
}

function cleanPath(path: string): string {
  const clean = path.replace(/^\.?\/+/, '').replace(/\/+$/, '')
  if (clean === '' || clean.split('/').some((part) => part === '..' || part === '')) {
    throw new AppError('usage', `"${path}" is no path within a restore point`, { hint: 'Write it relative to the application\'s root, as "holdfast show --files" lists it.' })
  }
  return clean
}
