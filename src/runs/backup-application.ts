import { dirname } from 'node:path'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { RunReport } from '../model/run-report.ts'
import type { Slot } from '../model/restore-point.ts'
import { showConfig } from '../config/show-config.ts'
import { namePoint } from '../policy/name-points.ts'
import { applicationSource } from '../sources/application-source.ts'
import type { Application } from './application.ts'
import { ownFolders, partNames, presetOf, scopeOf, selectionRules } from './application.ts'
import type { AppState } from './app-state.ts'
import type { NamedVault, UnopenedVault, SavedPoint } from './backup.ts'
import { backup } from './backup.ts'
import { hooksOf } from './hooks-of.ts'
import { openDatabases } from './open-databases.ts'
import type { RunContext } from './perform-run.ts'
import { performRun } from './perform-run.ts'
import { keepSafetyMs } from './restore/work-folder.ts'

export type BackupOptions = {
  readonly slots: readonly Slot[]
  readonly without: readonly string[]
  readonly databaseOnly: boolean
  readonly verify: boolean
  /** True where the user chose the application's name, so that it may stand for a folder that has moved. */
  readonly nameGiven: boolean
}

/** Backs up an application into its vaults as one run. @throws AppError before the run has begun (`lock.held`, `usage`, …). */
export async function backupApplication(app: Application, vaults: readonly NamedVault[], unopened: readonly UnopenedVault[], options: BackupOptions, state: AppState, context: RunContext): Promise<{ report: RunReport; snapshots: readonly SavedPoint[]; error?: AppError }> {
  const preset = presetOf(app)
  const scope = scopeOf(app, options)
  const without = scope === 'partial' && options.without.length === 0 ? partNames(app, preset) : options.without
  const own = ownFolders(app.root, [...vaults.map(({ place }) => place), dirname(state.folder)])
  const rules = selectionRules(app, preset, without)
  const selection = { ...rules, exclude: [...rules.exclude, ...own] }
  let snapshots: readonly SavedPoint[] = []
  let hookFacts: Record<string, string> = {}
  const { report, error } = await performRun('backup', state, context, async (run) => {
    await refuseNamesake(app, vaults, options, run)
    for (const { place } of vaults.filter((vault) => vault.place.startsWith(`${app.root}/`))) {
      run.emit({ type: 'run.note', code: 'vault.inside', message: `${place} lies inside the application, and is not part of the restore point: what destroys the one destroys the other` })
    }
    const hooks = hooksOf(app, run, () => hookFacts)
    const { servers, sqliteFiles } = await openDatabases(app, run)
    snapshots = await backup({
      app: app.name, root: app.root, preset: preset.name, scope, without, selection, vaults, unopened, hooks,
      points: options.slots.map((slot) => ({ slot, name: namePoint(app.name, slot, scope, run.now()) })),
      ...(app.configured ? { config: showConfig({ ...app.whole, apps: { [app.name]: app.config } }, app.name) } : {}),
      source: () => applicationSource({ root: app.root, scope, selection, databases: servers, sqliteFiles, dumpName: preset.dumpName, hooks, tempFolder: state.tempFolder }),
      verify: options.verify,
      keep: app.config.keep,
      keepSafetyMs,
      onSaved: (saved) => {
        hookFacts = { HOLDFAST_POINT: saved.id, HOLDFAST_FILE: saved.key }
      },
      onFailed: (failure) => {
        hookFacts = { HOLDFAST_ERROR: messageOf(failure) }
      },
    }, run)
  })
  return { report, snapshots, ...(error === undefined ? {} : { error }) }
}

/** Two folders of one name must not share their restore points by accident: the one's retention would remove the other's. */
async function refuseNamesake(app: Application, vaults: readonly NamedVault[], options: BackupOptions, run: Parameters<NamedVault['vault']['snapshots']>[0]): Promise<void> {
  if (app.configured || options.nameGiven) return
  for (const { vault } of vaults) {
    const other = (await vault.snapshots(run)).find((point) => point.app === app.name && point.root !== app.root)
    if (other !== undefined) {
      throw new AppError('app.ambiguous', `The restore points of "${app.name}" here were made from ${other.root}, not from ${app.root}`, {
        hint: `Give this one another name (--name), or the same on purpose (--name ${app.name}).`,
      })
    }
  }
}
