import { compileSelection } from '../disk/selection.ts'
import type { Scope, SelectionRules } from '../model/restore-point.ts'
import type { Freezer } from '../sources/containers/freeze-containers.ts'
import { containerFreezer } from '../sources/containers/freeze-containers.ts'
import type { Volume } from '../sources/containers/volumes.ts'
import { volumesFolder } from '../sources/containers/volumes.ts'
import type { Database } from '../sources/databases/database.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'
import type { AppState } from './app-state.ts'
import type { ContainerDump } from './container-dumps.ts'
import { containerDumps } from './container-dumps.ts'
import { containersOf, planned, stopSecondsOf } from './containers-of.ts'
import { freezeGuard } from './guard/hold-frozen.ts'
import type { ActiveRun } from './perform-run.ts'

/** What containers bring to a backup. */
export type ContainedParts = {
  readonly databases: readonly { readonly database: Database; readonly dumpName: string }[]
  readonly volumes: readonly Volume[]
  readonly freezer: Freezer
  /** The given rules, without what is no backup: raw files of a server that runs on. */
  readonly selection: SelectionRules
}

/** @throws AppError `containers.*`, `database.unreachable`, `config.secret`, `config.invalid`. */
export async function containedParts(app: Application, preset: Preset, selection: SelectionRules, scope: Scope, state: AppState, run: ActiveRun): Promise<ContainedParts> {
  const { containers, options, ...found } = await containersOf(app, preset, run)
  const volumes = scope === 'database' ? [] : found.volumes
  const freezer = containerFreezer({ planned: planned(containers), guard: freezeGuard(state, run.id), ...stopSecondsOf(options) })
  if (containers.length === 0) return { databases: [], volumes, freezer, selection }
  const dumps = await containerDumps(containers, { root: app.root, volumes, isSaved: scope === 'database' ? () => false : savedBy(selection) }, run)
  const raw = [...new Set(dumps.flatMap(({ runsOn, rawPath }) => runsOn && rawPath !== undefined && rawPath !== '' ? [rawPath] : []))]
  for (const path of raw) run.emit({ type: 'run.note', code: 'containers.raw-left-out', path, message: 'holds the raw files of a database server that runs on; its dumps are what is saved of it, and these files are left out' })
  const rules = { ...selection, exclude: [...selection.exclude, ...raw.map((path) => `/${path.replaceAll(/[\\*?[\]!]/g, '\\$&')}/`)] }
  const isSaved = savedBy(rules)
  return {
    databases: dumps.map((dump) => ({ database: scope === 'database' ? dump.database : withRawFiles(dump, isSaved), dumpName: dump.dumpName })),
    volumes, freezer, selection: rules,
  }
}

/** What is included of the root says nothing of volumes. */
function savedBy(rules: SelectionRules): (path: string) => boolean {
  const select = compileSelection({ include: [], exclude: rules.exclude })
  const included = compileSelection(rules)
  return (path) => (path.startsWith(`${volumesFolder}/`) ? select : included)(path === '' ? '.' : path, true) === 'take'
}

/** The dump's facts tell where the raw files of its server are that are saved beside it. */
function withRawFiles({ database, runsOn, rawPath }: ContainerDump, isSaved: (path: string) => boolean): Database {
  if (runsOn || rawPath === undefined || rawPath === '' || !isSaved(rawPath)) return database
  return {
    ...database,
    async dump(run, place) {
      const dump = await database.dump(run, place)
      return { entry: dump.entry, facts: () => ({ ...dump.facts(), rawFiles: rawPath }), [Symbol.asyncDispose]: async () => await dump[Symbol.asyncDispose]() }
    },
  }
}
