import { dirname, relative } from 'node:path'
import { realPath } from '../disk/real-path.ts'
import { compileSelection } from '../disk/selection.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import { wallClock } from '../kit/wall-clock.ts'
import type { FileOwner } from '../model/file-owner.ts'
import type { RunReport } from '../model/run-report.ts'
import type { PointName } from '../model/vault.ts'
import type { Run } from '../model/run.ts'
import type { DatabaseFacts, Scope, SelectionRules, Slot } from '../model/restore-point.ts'
import { showConfig } from '../config/show-config.ts'
import { namePoint } from '../policy/name-points.ts'
import { applicationSource } from '../sources/application-source.ts'
import { holdsSqlite } from '../sources/databases/holds-sqlite.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application, Narrowing } from './application.ts'
import { folderOf, isNarrowed, keepOf, narrowed, ownFolders, partNames, presetOf, scopeOf, selectionRules } from './application.ts'
import type { AppState } from './app-state.ts'
import type { NamedVault, UnopenedVault, SavedPoint } from './backup.ts'
import { backup } from './backup.ts'
import { containedParts } from './contained-parts.ts'
import { hooksOf } from './hooks-of.ts'
import { openDatabases } from './open-databases.ts'
import { foreignEntries } from './own-entries.ts'
import type { RunContext } from './perform-run.ts'
import { performRun } from './perform-run.ts'
import { listening, notingLog, PresetLogFile } from './preset-log.ts'
import { keepSafetyMs } from './restore/work-folder.ts'
import { tellingJeedom } from './tell-jeedom.ts'
import { tellMissing } from './tell-missing.ts'

export type BackupOptions = {
  readonly slots: readonly Slot[]
  readonly without: readonly string[]
  readonly databaseOnly: boolean
  /** Everything, whatever the configuration says is usual. */
  readonly full?: boolean
  /** What the command line selects, for this backup alone. */
  readonly narrowing?: Narrowing
  readonly verify: boolean
  /** True where the user chose the application's name, so that it may stand for a folder that has moved. */
  readonly nameGiven: boolean
  /** Whose the application's own log is; by default the running user's. */
  readonly owner?: FileOwner
  /** True where an update of the application waits for it. */
  readonly beforeUpdate?: boolean
}

/** Backs up an application into its vaults as one run. @throws AppError before the run has begun (`lock.held`, `usage`, …). */
export async function backupApplication(app: Application, vaults: readonly NamedVault[], unopened: readonly UnopenedVault[], options: BackupOptions, state: AppState, context: RunContext): Promise<{ report: RunReport; snapshots: readonly SavedPoint[]; error?: AppError }> {
  const preset = presetOf(app)
  const asked = scopeOf(app, options)
  const without = asked === 'partial' && options.without.length === 0 ? partNames(app, preset) : options.without
  const { narrowing = nothingNarrowed } = options
  // Less than the configuration says must not stand for all that belongs to the application.
  const scope = asked === 'full' && isNarrowed(app, narrowing) ? 'partial' : asked
  const own = ownFolders(app.root, [...vaults.map(({ place }) => place), dirname(state.folder)])
  const rules = selectionRules(narrowed(app, narrowing), preset, without)
  const selection = { ...rules, exclude: [...rules.exclude, ...own] }
  let snapshots: readonly SavedPoint[] = []
  let hookFacts: Record<string, string> = {}
  using log = new PresetLogFile(preset, app.root, options.owner)
  const { report, error } = await performRun('backup', state, listening(context, log), tellingJeedom({ app, state, vaults, unopened, beforeUpdate: options.beforeUpdate === true }, 'backup', notingLog(log, async (run) => {
    const { warningCount: warningsBefore } = run.report()
    await refuseNamesake(app, vaults, options, run)
    tellMissing(app, preset, rules, run)
    for (const named of vaults) await warnOfPlace(app, preset, rules, named, run)
    const hooks = hooksOf(app, run, () => hookFacts)
    const { servers, sqliteFiles } = await openDatabases(app, preset, run)
    const contained = await containedParts(app, preset, selection, scope, state, run)
    if (scope === 'database' && servers.length + contained.databases.length + sqliteFiles.size === 0) await requireSqlite(app, contained.selection, run)
    snapshots = await backup({
      app: app.name, root: app.root, preset: preset.name, scope, without, selection: contained.selection, volumes: contained.volumes, vaults, unopened, hooks,
      points: pointsOf(app, preset, options.slots, scope, run.now()),
      ...(app.configured ? { config: showConfig({ ...app.whole, apps: { [app.name]: app.config } }, app.name) } : {}),
      source: () => applicationSource({ root: app.root, scope, selection: contained.selection, databases: [...servers, ...contained.databases], volumes: contained.volumes, sqliteFiles, dumpName: preset.dumpName, hooks, freezer: contained.freezer, tempFolder: state.tempFolder }),
      verify: options.verify,
      keep: keepOf(app, preset),
      usual: { expect: app.config.expect, scope: app.config.scope },
      isJudged: (database) => namesDatabases(app, database) || (database.container !== undefined && contained.services.has(database.container.name)),
      warningsBefore,
      keepSafetyMs,
      onSaved: (saved) => {
        hookFacts = { HOLDFAST_POINT: saved.id, HOLDFAST_FILE: saved.key }
      },
      onFailed: (failure) => {
        hookFacts = { HOLDFAST_ERROR: messageOf(failure) }
      },
    }, run)
  })))
  return { report, snapshots, ...(error === undefined ? {} : { error }) }
}

/** Whether the configuration says itself which databases that server has, or that none is to be dumped. */
function namesDatabases({ config }: Application, { container }: DatabaseFacts): boolean {
  if (container === undefined) return config.databases !== undefined
  const dump = config.containers?.services[container.name]?.dump
  return dump === false || dump?.databases !== undefined
}

const nothingNarrowed: Narrowing = { include: [], exclude: [], oneFileSystem: false }

const servedFolders = ['/var/www', '/srv/www', '/srv/http', '/usr/share/nginx/html']

/** A point of the databases alone that holds none would look like one that does. */
async function requireSqlite(app: Application, selection: SelectionRules, run: Run): Promise<void> {
  if (await holdsSqlite(app.root, selection, run.signal)) return
  throw new AppError('usage', `${app.name} has no database`, {
    hint: 'Save its files too (no --database-only; scope: full), name its databases in holdfast.yaml, or start the containers that they run in. If it should have one, look whether its disk is mounted.',
  })
}

/**
 * A place that the same accident destroys, or that a web server gives to everybody. Notes: the restore point itself is good. Where a
 * folder of the user's serves as the place, what else is in it is in no restore point: a warning.
 */
async function warnOfPlace(app: Application, preset: Preset, rules: SelectionRules, { place, vault }: NamedVault, run: Run): Promise<void> {
  // By where it really lies: a link may lead into either.
  const real = realPath(place)
  const isInside = real.startsWith(`${app.root}/`)
  const foreign = isInside && isSaved(relative(app.root, real), rules) ? await foreignIn(real, vault, run) : []
  if (foreign.length > 0) {
    run.emit({ type: 'run.warning', code: 'vault.inside', message: `${place} lies inside the application, and is not part of the restore point. It holds what is not Holdfast's, which is saved nowhere: ${foreign.slice(0, 3).join(', ')}${foreign.length > 3 ? ', …' : ''}. Give restore points a folder of their own, or leave that one out on purpose (exclude)` })
  } else if (isInside) {
    run.emit({ type: 'run.note', code: 'vault.inside', message: `${place} lies inside the application, and is not part of the restore point: what destroys the one destroys the other` })
  }
  if ((isInside && preset.isServed === true) || servedFolders.some((folder) => real.startsWith(`${realPath(folder)}/`))) {
    run.emit({ type: 'run.note', code: 'vault.served', message: `${place} lies below a folder of the web server: whoever guesses a name may download the restore point. Choose a place outside it (--to, or place: in holdfast.yaml), or set a password` })
  }
}

function isSaved(folder: string, rules: SelectionRules): boolean {
  return compileSelection(rules)(folder, true) !== 'skip'
}

async function foreignIn(place: string, vault: NamedVault['vault'], run: Run): Promise<readonly string[]> {
  try {
    const points = await vault.snapshots({ signal: run.signal, now: () => run.now(), emit: () => undefined }, () => undefined)
    return foreignEntries(place, points.map(({ key }) => key))
  } catch (error) {
    // A place that cannot be read takes no restore point either, and is told then.
    if (run.signal.aborted) throw error
    return []
  }
}

/** The names that the application's users know, else ours. */
function pointsOf(app: Application, preset: Preset, slots: readonly Slot[], scope: Scope, now: Date): readonly PointName[] {
  const at = wallClock(now)
  return slots.map((slot) => {
    const name = preset.pointName?.({ app: app.name, slot, scope, at }, folderOf(app))
    return name === undefined ? { slot, name: namePoint(app.name, slot, scope, at) } : { slot, name, takesOver: true }
  })
}

/** Two folders of one name must not share their restore points by accident: the one's retention would remove the other's. */
async function refuseNamesake(app: Application, vaults: readonly NamedVault[], options: BackupOptions, run: Parameters<NamedVault['vault']['snapshots']>[0]): Promise<void> {
  if (app.configured || options.nameGiven) return
  for (const { vault } of vaults) {
    // Rules are not applied where something may not be read, so that no namesake's points in it can be removed.
    const other = (await vault.snapshots(run, () => undefined)).find((point) => point.app === app.name && point.root !== '' && point.root !== app.root)
    if (other !== undefined) {
      throw new AppError('app.ambiguous', `The restore points of "${app.name}" here were made from ${other.root}, not from ${app.root}`, {
        hint: `Give this one another name (--name), or the same on purpose (--name ${app.name}).`,
      })
    }
  }
}
