import { existsSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { openArchiveVault } from '../archive/archive-vault.ts'
import { ImportedVault } from '../archive/foreign/imported-vault.ts'
import type { Config } from '../config/config-schema.ts'
import { defaultPaths, thisPerson } from '../config/default-paths.ts'
import { findConfig } from '../config/find-config.ts'
import { loadConfig } from '../config/load-config.ts'
import { resolveSecret } from '../config/resolve-secret.ts'
import { AppError } from '../kit/app-error.ts'
import type { FileOwner } from '../model/file-owner.ts'
import type { Format, Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { SecretRef } from '../model/secret-ref.ts'
import type { Vault } from '../model/vault.ts'
import type { Application, VaultPlan } from './application.ts'
import { applicationAt, configuredApplication, presetWhereThere, vaultPlan } from './application.ts'
import type { AppState } from './app-state.ts'
import { openAppState } from './app-state.ts'
import type { NamedVault } from './backup.ts'
import { openLocalStorage } from '../storage/local.ts'
import { makeTempFolder } from './temp-folder.ts'

/** Where restore points are, as the short forms of the command line say it. */
export type PlaceOptions = { readonly place?: string; readonly app?: string; readonly password?: SecretRef }

/** What is known before the configuration is read. */
type Given = {
  readonly config?: string
  readonly state?: string
  /** The configuration that is named is to be made where it is not there. */
  readonly mayBeNew?: boolean
}

/** A restore point with the vault that holds it. */
export type KnownPoint = Snapshot & { readonly vault: string }

/** What a command, or the server, works with: the configuration, where state lies, and what it has opened; closed with it. */
export class Setup implements AsyncDisposable {
  readonly config: Config | undefined
  readonly configFile: string | undefined
  readonly stateRoot: string
  readonly defaultPlace: string
  readonly signal: AbortSignal
  readonly #open: AsyncDisposable[] = []
  #tempFolder: string | undefined

  private constructor(config: { file: string; value: Config } | undefined, options: Given, signal: AbortSignal) {
    const { place, state } = defaultPaths(thisPerson())
    this.config = config?.value
    this.configFile = config?.file
    this.stateRoot = resolve(options.state ?? process.env['HOLDFAST_STATE'] ?? config?.value.state ?? state)
    this.defaultPlace = config?.value.place ?? place
    this.signal = signal
  }

  static async load(options: Given, signal: AbortSignal): Promise<Setup> {
    const file = await findConfig(options.config, thisPerson(), options.mayBeNew)
    const config = file === undefined ? undefined : { file, value: await loadConfig(file) }
    return new Setup(config, options, signal)
  }

  /** The application that an argument names: a folder (with a slash, or `.`), else a name of the configuration. */
  application(named: string | undefined, overrides: { name?: string | undefined } = {}): Application {
    if (named === undefined) return this.#onlyApplication()
    const isFolder = named.includes('/') || named === '.' || named === '..' || (this.config?.apps[named] === undefined && existsSync(named) && statSync(named).isDirectory())
    if (isFolder) return applicationAt(named, this.config, this.defaultPlace, overrides.name)
    if (this.config === undefined) throw new AppError('app.unknown', `There is no folder "${named}", and no configuration that could have an application of that name`, { hint: 'Give the path of the folder to back up.' })
    return configuredApplication(named, this.config, this.defaultPlace)
  }

  #onlyApplication(): Application {
    const names = Object.keys(this.config?.apps ?? {})
    const [only] = names
    if (this.config === undefined || only === undefined) throw new AppError('app.unknown', 'Which application?', { hint: 'Name a folder (holdfast backup /srv/demo), or make a configuration with "holdfast init".' })
    if (names.length > 1) throw new AppError('app.ambiguous', `The configuration has several applications: ${names.join(', ')}`, { hint: 'Name one of them.' })
    return configuredApplication(only, this.config, this.defaultPlace)
  }

  /** The vaults that a reading command looks into: the place it names, else the application's, else all configured ones. */
  async vaultsToRead(place: PlaceOptions): Promise<readonly NamedVault[]> {
    const plans = this.#plansToRead(place)
    const there = plans.filter((plan) => existsSync(plan.place))
    const [first] = plans
    if (there.length === 0 && first !== undefined) {
      this.#requireConfigured(place)
      throw new AppError('vault.missing', `There is no folder ${first.place}`, { hint: 'Name the place that holds the restore points with --from.' })
    }
    const vaults = await Promise.all(there.map((plan) => this.openVault(plan, place, { imported: true })))
    if (this.#isUnconfigured(place) && !await mayHold(vaults, place.app, this.signal)) this.#requireConfigured(place)
    return vaults
  }

  /** Whether the configured places are looked through for a name that the configuration does not have. */
  #isUnconfigured({ place, app }: PlaceOptions): boolean {
    return place === undefined && app !== undefined && this.config !== undefined && this.config.apps[app] === undefined
  }

  /** @throws AppError `app.unknown` for a name that the configuration does not have. */
  #requireConfigured(place: PlaceOptions): void {
    if (this.#isUnconfigured(place) && place.app !== undefined && this.config !== undefined) configuredApplication(place.app, this.config, this.defaultPlace)
  }

  #plansToRead(place: PlaceOptions): readonly VaultPlan[] {
    if (place.place !== undefined) return this.#ownPlans(place.place) ?? [this.placePlan(place.place)]
    const { config } = this
    if (config === undefined) return this.#ownPlans('.') ?? [this.placePlan(this.defaultPlace)]
    // One that was renamed or removed still has its restore points where it was saved.
    const isUnconfigured = this.#isUnconfigured(place)
    const names = place.app === undefined || isUnconfigured ? Object.keys(config.apps) : [place.app]
    const used = names.flatMap((name) => configuredApplication(name, config, this.defaultPlace).vaults)
    const plans = isUnconfigured ? [...used, ...this.#unusedPlans(config).filter(({ place: folder }) => !used.some((plan) => plan.place === folder))] : used
    const each = [...new Map(plans.map((plan) => [`${plan.name}\0${plan.place}`, plan])).values()]
    // Applications that keep their archives in their own folders all call that place "default".
    return each.map((plan, index) => each.findIndex(({ name }) => name === plan.name) === index ? plan : { ...plan, name: plan.place })
  }

  /** The configured places as they are without any application. */
  #unusedPlans({ vaults, place }: Config): readonly VaultPlan[] {
    const plans = Object.entries(vaults).map(([name, vault]) => vaultPlan(name, vault, {}))
    return plans.length > 0 && place === undefined ? plans : [...plans, this.placePlan(this.defaultPlace)]
  }

  /** An application's folder stands for the place where its users keep their backups, if it has one. */
  #ownPlans(folder: string): readonly VaultPlan[] | undefined {
    const app = applicationAt(folder, this.config, this.defaultPlace)
    return presetWhereThere(app).place === undefined ? undefined : app.vaults
  }

  /** A place of the command line; for an application in the format that its users know. */
  placePlan(place: string, app?: Application): VaultPlan {
    if (/^[a-z0-9]+:/i.test(place) && !isAbsolute(place)) throw new AppError('usage', `"${place}" is no folder of this machine`, { hint: 'Other destinations come with a later version; name a folder.' })
    return vaultPlan(place, { type: 'archive', place: resolve(place) }, {}, app === undefined ? undefined : presetWhereThere(app))
  }

  async openVault(plan: VaultPlan, options: PlaceOptions, { format, make = false, owner, imported = false }: { format?: Format; make?: boolean; owner?: FileOwner | undefined; imported?: boolean } = {}): Promise<NamedVault> {
    // A folder whose parent is missing is rather a disk that is not mounted than a place to be made.
    if (!existsSync(plan.place) && (!make || (plan.place !== this.defaultPlace && !existsSync(dirname(plan.place))))) {
      throw new AppError('vault.missing', `There is no folder ${plan.place}`, { hint: 'Mount the disk that it lies on, or make the folder.' })
    }
    const reference = options.password ?? plan.password
    const password = reference === undefined ? undefined : await resolveSecret(reference, this.signal)
    const storage = await openLocalStorage({ root: plan.place, ...(owner === undefined ? {} : { owner }) })
    const vault = await openArchiveVault({ storage, format: format ?? (password !== undefined && plan.password === undefined ? 'zip' : plan.format), tempFolder: await this.tempFolder(), ...(password === undefined ? {} : { password }) })
    this.#open.push(storage, vault)
    // A backup, its rules of what to keep and its status see its own points alone.
    return { name: plan.name, place: plan.place, vault: imported ? new ImportedVault(vault, storage, { tempFolder: await this.tempFolder(), ...(password === undefined ? {} : { password }) }) : vault }
  }

  async state(app: string): Promise<AppState> {
    return await openAppState(this.stateRoot, app)
  }

  /** A private folder of this command's, removed at its end. */
  async tempFolder(): Promise<string> {
    this.#tempFolder ??= await makeTempFolder()
    return this.#tempFolder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const resource of this.#open.toReversed()) await resource[Symbol.asyncDispose]()
    if (this.#tempFolder !== undefined) await rm(this.#tempFolder, { recursive: true, force: true })
  }
}

/** All restore points in some vaults, those of one application where it is named; newest first. A folder that may not be read is told by the note `vault.unlisted`. */
export async function knownPoints(vaults: readonly NamedVault[], app: string | undefined, run: Run): Promise<readonly KnownPoint[]> {
  const lists = await Promise.all(vaults.map(async ({ name, place, vault }) => (await vault.snapshots(run, (folder) => tellUnlisted(join(place, folder), run))).map((snapshot) => ({ ...snapshot, vault: name }))))
  return lists.flat().filter((point) => app === undefined || point.app === app).sort((a, b) => b.startedAt.localeCompare(a.startedAt))
}

/** Whether a vault holds points of that application, or what cannot be read and might be one. */
async function mayHold(vaults: readonly NamedVault[], app: string | undefined, signal: AbortSignal): Promise<boolean> {
  const unreadable: string[] = []
  const points = await knownPoints(vaults, app, { signal, now: () => new Date(), emit: (event) => { if (event.type === 'run.note') unreadable.push(event.code) } })
  return points.length > 0 || unreadable.length > 0
}

function tellUnlisted(path: string, run: Run): void {
  run.emit({ type: 'run.note', code: 'vault.unlisted', message: `${path} may not be read: restore points in it are not seen` })
}

/** The vault of that name among the opened ones. */
export function vaultOf(point: KnownPoint, vaults: readonly NamedVault[]): Vault {
  const found = vaults.find(({ name }) => name === point.vault)
  if (found === undefined) throw new AppError('internal', `The vault ${point.vault} is not open`)
  return found.vault
}
