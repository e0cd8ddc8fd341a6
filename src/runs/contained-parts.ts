import { lstatSync } from 'node:fs'
import { relative } from 'node:path'
import { realPath } from '../disk/real-path.ts'
import { literalPattern } from '../disk/literal-pattern.ts'
import { compileSelection } from '../disk/selection.ts'
import { systemCode } from '../kit/app-error.ts'
import type { Scope, SelectionRules } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import { callName } from '../sources/containers/find-containers.ts'
import type { Freezer } from '../sources/containers/freeze-containers.ts'
import { containerFreezer } from '../sources/containers/freeze-containers.ts'
import { isInReach, mayBeOfEngine } from '../sources/containers/reach-of-volume.ts'
import type { Volume } from '../sources/containers/volumes.ts'
import { volumesFolder } from '../sources/containers/volumes.ts'
import type { Database } from '../sources/databases/database.ts'
import type { Preset } from '../sources/presets/preset.ts'
import type { Application } from './application.ts'
import type { AppState } from './app-state.ts'
import type { ContainerDump } from './container-dumps.ts'
import { containerDumps } from './container-dumps.ts'
import type { ApplicationContainer } from './containers-of.ts'
import { containersOf, stopSecondsOf } from './containers-of.ts'
import { freezeGuard } from './guard/hold-frozen.ts'
import type { ActiveRun } from './perform-run.ts'

/** What containers bring to a backup. */
export type ContainedParts = {
  readonly databases: readonly { readonly database: Database; readonly dumpName: string }[]
  readonly volumes: readonly Volume[]
  readonly freezer: Freezer
  /** Services and containers that are there: what of their databases is missing is told where they are dumped. */
  readonly services: ReadonlySet<string>
  /** The given rules, without what is no backup: raw files of a server that runs on. */
  readonly selection: SelectionRules
}

/** @throws AppError `containers.*`, `database.unreachable`, `config.secret`, `config.invalid`. */
export async function containedParts(app: Application, preset: Preset, selection: SelectionRules, scope: Scope, state: AppState, run: ActiveRun): Promise<ContainedParts> {
  const { containers, options, planned, ...found } = await containersOf(app, preset, run)
  const volumes = scope === 'database' ? [] : thoseThere(found.volumes, selection, run)
  const freezer = seeingVolumes(volumes, containerFreezer({ planned, reads: true, guard: freezeGuard(state, run.id), ...stopSecondsOf(options) }))
  if (containers.length === 0) return { databases: [], volumes, freezer, services: new Set(), selection }
  const dumps = await containerDumps(containers, { root: app.root, volumes, isSaved: scope === 'database' ? () => false : savedBy(selection) }, run)
  if (scope === 'full' && app.config.include.length === 0) tellNotIncluded(containers, new Set(dumps.map(({ rawPath }) => rawPath)), app.root, selection, run)
  const raw = [...new Set(dumps.flatMap(({ runsOn, rawPath }) => runsOn && rawPath !== undefined && rawPath !== '' ? [rawPath] : []))]
  for (const path of raw) run.emit({ type: 'run.note', code: 'containers.raw-left-out', path, message: 'holds the raw files of a database server that runs on; its dumps are what is saved of it, and these files are left out' })
  const rules = { ...selection, exclude: [...selection.exclude, ...raw.map((path) => `/${literalPattern(path)}/`)] }
  const isSaved = savedBy(rules)
  return {
    databases: dumps.map((dump) => ({ database: scope === 'database' ? dump.database : withRawFiles(dump, isSaved), dumpName: dump.dumpName })),
    volumes, freezer, services: new Set(containers.flatMap(({ container }) => container.isOneOff ? [] : [callName(container)])), selection: rules,
  }
}

/** What is included of the root says nothing of volumes. */
function savedBy(rules: SelectionRules): (path: string) => boolean {
  const select = compileSelection({ include: [], exclude: rules.exclude })
  const included = compileSelection(rules)
  return (path) => (path.startsWith(`${volumesFolder}/`) ? select : included)(path === '' ? '.' : path, true) === 'take'
}

/**
 * Folders of the application that a container writes into, and that the preset does not know. What is excluded was left out on purpose,
 * and so was what is not among the user's own `include`. Of the servers' files in `dumped` there is a dump.
 */
function tellNotIncluded(containers: readonly ApplicationContainer[], dumped: ReadonlySet<string | undefined>, root: string, { include, exclude }: SelectionRules, run: Run): void {
  const included = compileSelection({ include, exclude: [] })
  const kept = compileSelection({ include: [], exclude })
  const sources = containers.flatMap(({ container }) => container.mounts.filter(({ writable }) => writable).map(({ source }) => ({ container, path: relative(root, realPath(source)) })))
  for (const path of new Set(sources.map((source) => source.path))) {
    if (path === '' || path.startsWith('..') || dumped.has(path) || included(path, true) !== 'skip' || kept(path, true) === 'skip') continue
    const names = sources.filter((source) => source.path === path).map(({ container }) => container.name)
    run.emit({ type: 'run.warning', code: 'containers.not-included', path, message: `${names.join(', ')} ${names.length === 1 ? 'writes' : 'write'} into it, and it is not among what is saved. Say what is to be saved (include:), or leave it out on purpose (exclude:)` })
  }
}

/** Those that are wanted. One whose folder is gone takes nothing from the others; what may not be looked at is told when it is read. */
function thoseThere(volumes: readonly Volume[], { exclude }: SelectionRules, run: Run): readonly Volume[] {
  const select = compileSelection({ include: [], exclude })
  return volumes.filter(({ path }) => select(path, true) !== 'skip').filter((volume) => {
    const why = whyNotSaved(volume)
    if (why !== undefined) run.emit({ type: 'run.warning', code: 'containers.volume', path: volume.path, message: `the volume ${volume.name} is not saved: ${why}` })
    return why === undefined
  })
}

function whyNotSaved({ source, engine }: Volume): string | undefined {
  if (source === '') return 'its engine does not say where it lies'
  if (isMissing(source)) return `its folder ${source} is not there`
  return mayBeOfEngine(source, engine) ? undefined : `its folder ${source} does not belong to the user whose container engine says so (${engine})`
}

function isMissing(path: string): boolean {
  try {
    lstatSync(path)
    return false
  } catch (error) {
    return systemCode(error) === 'ENOENT'
  }
}

/** Once all stand still, it tells which volumes went with them: the engine mounts some only while a container uses them. */
function seeingVolumes(volumes: readonly Volume[], freezer: Freezer): Freezer {
  return {
    ...freezer,
    async freeze(run) {
      await freezer.freeze(run)
      for (const { name, path } of volumes.filter((volume) => !isInReach(volume))) run.emit({ type: 'run.warning', code: 'containers.volume', path, message: `the content of the volume ${name} is not saved: the engine mounts it only while a container uses it, and none does now. Set mode: pause for the containers that use it, and it stays in reach; or leave it out on purpose (exclude: [/${path}/])` })
    },
  }
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
