import { realpathSync } from 'node:fs'
import { basename, isAbsolute, relative, resolve } from 'node:path'
import { literalPattern } from '../disk/literal-pattern.ts'
import { AppError, systemCode } from '../kit/app-error.ts'
import { fileSafe } from '../kit/file-safe.ts'
import type { AppConfig, Config, VaultConfig } from '../config/config-schema.ts'
import { appSchema, configSchema } from '../config/config-schema.ts'
import type { KeepRules } from '../model/keep-rules.ts'
import type { Format, Scope, SelectionRules, Slot } from '../model/restore-point.ts'
import type { Reach } from '../model/reach.ts'
import type { SecretRef } from '../model/secret-ref.ts'
import { ApplicationFolder } from '../sources/presets/application-folder.ts'
import { detectPreset, presetNamed } from '../sources/presets/detect-preset.ts'
import { generic } from '../sources/presets/generic.ts'
import type { Preset } from '../sources/presets/preset.ts'
import { containerInside } from './restore/work-folder.ts'

/** An application as runs use it: its configuration, or what stands for it where there is none. */
export type Application = {
  readonly name: string
  /** Absolute, without links where it exists. */
  readonly root: string
  readonly config: AppConfig
  /** The whole configuration that it stands in. */
  readonly whole: Config
  /** False where it was only named on the command line. */
  readonly configured: boolean
  readonly vaults: readonly VaultPlan[]
}

/** A vault that is still to be opened. */
export type VaultPlan = { readonly name: string; readonly place: string; readonly format: Format; readonly password?: SecretRef; readonly reach?: Reach }

/** The configured application of that name. @throws AppError `app.unknown`. */
export function configuredApplication(name: string, config: Config, defaultPlace: string): Application {
  const app = config.apps[name]
  if (app === undefined) {
    throw new AppError('app.unknown', `There is no application "${name}" in the configuration`, { hint: `It has: ${Object.keys(config.apps).join(', ')}. For a folder, write its path: ./${name}.` })
  }
  const root = realRoot(app.root)
  return { name, root, config: app, whole: config, configured: true, vaults: vaultPlans(app, root, config, defaultPlace) }
}

/** The application whose root is this folder: the configured one, else one that is made up for it. */
export function applicationAt(folder: string, config: Config | undefined, defaultPlace: string, name?: string): Application {
  const root = realRoot(resolve(folder))
  for (const known of Object.keys(config?.apps ?? {})) {
    if (config === undefined) break
    const app = configuredApplication(known, config, defaultPlace)
    if (app.root === root && (name === undefined || name === known)) return app
  }
  const app = appSchema.parse({ root })
  const given = name ?? fileSafe(root === '/' ? 'root' : basename(root))
  return { name: given, root, config: app, whole: config ?? configSchema.parse({ apps: {} }), configured: false, vaults: vaultPlans(app, root, config, defaultPlace) }
}

/** @throws AppError `source.missing`, `source.unreadable`, `config.invalid`. */
export function presetOf(app: Application): Preset {
  return presetAt(app.root, app.config)
}

/** A folder that is not there, or may not be read, has no particular preset: who backs it up is told so. */
export function presetWhereThere(app: Pick<Application, 'root' | 'config'>): Preset {
  try {
    return presetAt(app.root, app.config)
  } catch (error) {
    if (error instanceof AppError && error.code.startsWith('source.')) return generic
    throw error
  }
}

/** What presets may look at of an application. */
export function folderOf(app: Application): ApplicationFolder {
  return new ApplicationFolder(app.root)
}

/** What is never saved, and never touched by a restore: the preset's word and the user's. */
export function excludesOf(app: Application, preset: Preset): readonly string[] {
  return [...preset.exclude(folderOf(app)), ...app.config.exclude]
}

/** The rules of the configuration, else those that the application's users know. */
export function keepOf(app: Application, preset: Preset): KeepRules {
  return Object.keys(app.config.keep).length === 0 ? preset.keep ?? {} : app.config.keep
}

/** What belongs to the application; for a partial point without the parts that it leaves out. @throws AppError `usage` for an unknown part. */
export function selectionRules(app: Application, preset: Preset, without: readonly string[]): SelectionRules {
  const parts: Record<string, readonly string[]> = { ...preset.parts, ...app.config.parts }
  const leftOut = without.flatMap((part) => {
    const patterns = parts[part]
    if (patterns === undefined) throw new AppError('usage', `${app.name} has no part "${part}"`, { hint: Object.keys(parts).length === 0 ? 'Define parts in holdfast.yaml: parts: {attachments: [/files/]}.' : `It has: ${Object.keys(parts).join(', ')}.` })
    return patterns
  })
  return {
    include: app.config.include.length === 0 ? [...preset.include ?? []] : app.config.include,
    exclude: [...excludesOf(app, preset), ...leftOut, `/${containerInside}/`],
    oneFileSystem: app.config.oneFileSystem,
    cacheDirTag: app.config.cacheDirTag,
  }
}

/** Anchored patterns that leave out folders of Holdfast's own where they lie inside the root: archives must not hold archives. */
export function ownFolders(root: string, folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => {
    const below = relative(root, realRoot(folder))
    if (below.startsWith('..') || isAbsolute(below)) return []
    if (below === '') throw new AppError('usage', `${folder} is the application's own folder`, { hint: 'Choose another place for its restore points.' })
    return [`/${literalPattern(below)}/`]
  })
}

/** Names of all parts that a partial point leaves out when none are named. */
export function partNames(app: Application, preset: Preset): readonly string[] {
  return Object.keys({ ...preset.parts, ...app.config.parts })
}

/** The slots that its kind asks for. */
export function slotsOf(kind: 'dated' | 'rolling' | 'both'): readonly Slot[] {
  return kind === 'both' ? ['dated', 'rolling'] : [kind]
}

/** The scope that the parts and options of a command mean. */
export function scopeOf(app: Application, options: { without: readonly string[]; databaseOnly: boolean; full?: boolean }): Scope {
  if (options.full === true) return 'full'
  return options.databaseOnly ? 'database' : options.without.length > 0 ? 'partial' : app.config.scope
}

/** What a command line says of the selection, for one backup. */
export type Narrowing = { readonly include: readonly string[]; readonly exclude: readonly string[]; readonly oneFileSystem: boolean }

/** The application with what a command line selects of it: `include` takes the place of its own, `exclude` is added. */
export function narrowed(app: Application, { include, exclude, oneFileSystem }: Narrowing): Application {
  const { config } = app
  return { ...app, config: { ...config, include: include.length === 0 ? config.include : [...include], exclude: [...config.exclude, ...exclude], oneFileSystem: config.oneFileSystem || oneFileSystem } }
}

/** True where a configured application is saved with less than its configuration says. */
export function isNarrowed(app: Application, { include, exclude, oneFileSystem }: Narrowing): boolean {
  return app.configured && (include.length > 0 || exclude.length > 0 || (oneFileSystem && !app.config.oneFileSystem))
}

function vaultPlans(app: AppConfig, root: string, config: Config | undefined, defaultPlace: string): readonly VaultPlan[] {
  const known = Object.entries(config?.vaults ?? {})
  const preset = presetWhereThere({ root, config: app })
  if (app.vaults === undefined && known.length === 0) {
    const place = config?.place ?? placeOf(root, preset) ?? defaultPlace
    return [vaultPlan('default', { type: 'archive', place }, app, preset)]
  }
  if (app.vaults === undefined) return known.map(([name, vault]) => vaultPlan(name, vault, app, preset))
  return app.vaults.map((name) => {
    const vault = config?.vaults[name]
    if (vault === undefined) throw new AppError('config.invalid', `There is no vault "${name}"`, { hint: `Known vaults: ${known.map(([other]) => other).join(', ') || 'none'}.` })
    return vaultPlan(name, vault, app, preset)
  })
}

/** Formats that everybody can read come first: the one that the application's users know, else gzip, or zip where there is a password. */
export function vaultPlan(name: string, vault: VaultConfig, app: Pick<AppConfig, 'format' | 'password'>, preset?: Preset): VaultPlan {
  const password = app.password ?? vault.password
  return { name, place: vault.place, format: app.format ?? vault.format ?? (password === undefined ? preset?.format ?? 'tar.gz' : 'zip'), ...(password === undefined ? {} : { password }), ...(vault.reach === undefined ? {} : { reach: vault.reach }) }
}

/** Where the application's users look for their backups. */
function placeOf(root: string, preset: Preset): string | undefined {
  const place = preset.place?.(new ApplicationFolder(root))
  return place === undefined ? undefined : resolve(root, place)
}

function presetAt(root: string, config: Pick<AppConfig, 'preset'>): Preset {
  return config.preset === undefined ? detectPreset(root) : presetNamed(config.preset)
}

function realRoot(root: string): string {
  try {
    return realpathSync(root)
  } catch (error) {
    // It may have been destroyed; a restore makes it again.
    if (systemCode(error) === 'ENOENT') return resolve(root)
    throw error
  }
}
