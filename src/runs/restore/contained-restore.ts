import { AppError } from '../../kit/app-error.ts'
import type { DatabaseFacts, Manifest } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { ContainerDatabase } from '../../sources/containers/container-database.ts'
import type { DumpTrust } from '../../sources/databases/database.ts'
import type { Freezer } from '../../sources/containers/freeze-containers.ts'
import { containerFreezer, maintenanceNote } from '../../sources/containers/freeze-containers.ts'
import { openContainerTarget } from '../../sources/containers/open-container-databases.ts'
import { volumesFolder } from '../../sources/containers/volumes.ts'
import { knownPreset } from '../../sources/presets/detect-preset.ts'
import { generic } from '../../sources/presets/generic.ts'
import type { Application } from '../application.ts'
import type { AppState } from '../app-state.ts'
import { engineOf, loginOf } from '../container-dumps.ts'
import type { ApplicationContainer, ContainersOfApplication } from '../containers-of.ts'
import { containersOf, stopSecondsOf } from '../containers-of.ts'
import { freezeGuard } from '../guard/hold-frozen.ts'
import type { ActiveRun } from '../perform-run.ts'
import { endMaintenance, tellMaintenance } from './end-maintenance.ts'
import { containerOfDump, refuseOneTarget } from './container-of-dump.ts'
import type { RestoreDatabase } from './restore-database.ts'
import type { RestoreAbout } from './restore-record.ts'
import { volumeTargets } from './volume-targets.ts'
import type { VolumeTarget } from './volume-targets.ts'

/** What containers have to do with a restore. */
export type ContainedRestore = {
  /** Imported by programs in running containers. */
  readonly targets: readonly RestoreDatabase[]
  /** Paths of dumps that are not put down as files: they are imported, or their server's own files come back. */
  readonly taken: ReadonlySet<string>
  readonly volumes: readonly VolumeTarget[]
  /** Stops what writes into the application, but for the servers that import. */
  readonly freezer?: Freezer
  /** For after it, where it brought a Nextcloud's configuration: that may have been saved in maintenance mode. */
  endMaintenance(run: Run): Promise<void>
}

export type ContainedOptions = {
  /** In place: no other restore touches containers or volumes. */
  readonly inPlace: boolean
  /** Whether dumps are imported at all; `only`: and the files stay. */
  readonly imports: boolean
  readonly onlyDatabases: boolean
  /** Whether all files are restored, those of volumes too. */
  readonly allFiles: boolean
  /** Whether the restore point is ours: then it may say where a volume that is missing lies, and its dumps may name other databases. */
  readonly trusted: boolean
}

/** @throws AppError `containers.*`, `database.unreachable`. */
export async function containedRestore(app: Application, manifest: Manifest, { inPlace, imports, onlyDatabases, allFiles, trusted }: ContainedOptions, state: AppState, run: ActiveRun): Promise<ContainedRestore> {
  const dumps = manifest.databases.filter(({ container }) => container !== undefined)
  const wasInMaintenance = manifest.notes.some(({ code }) => code === maintenanceNote)
  if (!inPlace) {
    tellAsFiles(imports && !onlyDatabases ? dumps : [], 'this is another folder than its own', run)
    return { targets: [], taken: new Set(), volumes: [], endMaintenance: async (ending) => { if (wasInMaintenance) tellMaintenance(ending) } }
  }
  const preset = knownPreset(manifest.preset) ?? generic
  const contained = await containersOf(app, dumps.length > 0 || manifest.volumes !== undefined ? { ...preset, containers: true } : preset, run, manifest.volumes)
  const { containers, engines } = contained
  const volumes = allFiles ? await volumeTargets(manifest.volumes ?? [], engines, trusted, run) : []
  const back = new Set(volumes.map(({ path }) => path))
  const withFiles = dumps.filter(({ rawFiles }) => allFiles && rawFiles !== undefined && (!rawFiles.startsWith(`${volumesFolder}/`) || back.has(rawFiles.split('/').slice(0, 2).join('/'))))
  for (const { name, rawFiles = '' } of imports ? withFiles : []) run.emit({ type: 'run.note', code: 'restore.with-files', path: rawFiles, message: `${name} comes back with these files of its server, saved while it stood still; "--only databases" imports its dump instead` })
  const wanted = imports ? dumps.filter((facts) => !withFiles.includes(facts)) : []
  const importing: { facts: DatabaseFacts; found: ApplicationContainer }[] = []
  const lacking: DatabaseFacts[] = []
  for (const facts of wanted) {
    const found = containerOfDump(containers, facts)
    if (found?.container.state === 'running') importing.push({ facts, found })
    else lacking.push(facts)
  }
  refuseOneTarget(importing)
  const [first] = lacking
  if (first !== undefined && onlyDatabases) throw new AppError('database.unreachable', `${first.name} is imported by its server in the container ${first.container?.name ?? ''}, which does not run`, { hint: 'Start that container alone, and restore again.' })
  tellAsFiles(lacking, 'its container does not run: start it, then restore again with --only databases', run)
  const targets = await Promise.all(importing.map(async ({ facts, found }) => containedTarget(await openContainerTarget(found.container, facts, await loginOf(found.options, run.signal), run.signal), facts, state.tempFolder, trusted ? 'ours' : 'stranger')))
  const busy = new Set(importing.map(({ found }) => found.container.id))
  if (allFiles) for (const { container } of containers.filter(({ container: { id, state: now }, mode, writes }) => writes && mode === 'leave' && now === 'running' && !busy.has(id))) run.emit({ type: 'run.note', code: 'containers.left-running', message: `${container.name} runs on (mode: leave) while what it writes into is replaced: restart it afterwards` })
  return {
    targets, volumes,
    taken: new Set([...withFiles, ...importing.map(({ facts }) => facts)].filter(() => imports).map(({ path }) => path)),
    freezer: freezerOf(contained, busy, app.root, state, run),
    endMaintenance: async (ending) => await endMaintenance(containers, wasInMaintenance, ending),
  }
}

/**
 * What containers have to do with finishing or undoing a restore: the databases in them that it is about, and what is stopped meanwhile.
 * @throws AppError `database.unreachable`, `containers.*`.
 */
export async function containedFinish(app: Application, about: RestoreAbout, state: AppState, run: ActiveRun): Promise<Pick<ContainedRestore, 'targets' | 'endMaintenance'> & { readonly freezer: Freezer }> {
  const dumps = about.databases.map(({ facts }) => facts).filter(({ container }) => container !== undefined)
  const preset = knownPreset(about.preset) ?? generic
  const contained = await containersOf(app, dumps.length > 0 || about.volumes.length > 0 ? { ...preset, containers: true } : preset, run, about.volumes)
  const { containers } = contained
  const importing = dumps.map((facts) => {
    const found = containerOfDump(containers, facts)
    if (found?.container.state !== 'running') throw new AppError('database.unreachable', `${facts.name} is imported by its server in the container ${facts.container?.name ?? ''}, which does not run`, { hint: 'Start that container alone, and try again.' })
    return { facts, found }
  })
  refuseOneTarget(importing)
  return {
    targets: await Promise.all(importing.map(async ({ facts, found }) => containedTarget(await openContainerTarget(found.container, facts, await loginOf(found.options, run.signal), run.signal), facts, state.tempFolder, about.trusted ? 'ours' : 'stranger'))),
    freezer: freezerOf(contained, new Set(importing.map(({ found }) => found.container.id)), app.root, state, run),
    endMaintenance: async (ending) => await endMaintenance(containers, false, ending),
  }
}

/** Stops what writes into the application, and whatever may use the databases that are imported, but for the servers that import. */
function freezerOf({ planned, options }: ContainersOfApplication, busy: ReadonlySet<string>, root: string, state: AppState, run: ActiveRun): Freezer {
  return containerFreezer({
    // What is paused would go on with files that it holds open and that are no more those of the application.
    planned: async (signal) => (await planned(signal, (one, all) => usesImported(one, all, busy))).filter(({ container }) => !busy.has(container.id)).map((one) => ({ ...one, how: 'stop' })),
    guard: freezeGuard(state, run.id, root), ...stopSecondsOf(options),
  })
}

/**
 * Whether it may write into a database that is imported: any container of the same project, as compose files need not say what depends on
 * what; other databases do not, and what the configuration says of one goes before.
 */
function usesImported(one: ApplicationContainer, containers: readonly ApplicationContainer[], busy: ReadonlySet<string>): boolean {
  const { container, options } = one
  if (options.mode !== undefined || engineOf(one) !== undefined) return false
  return containers.some(({ container: server }) => busy.has(server.id) && server.engine.socket === container.engine.socket && server.project !== undefined && server.project === container.project)
}

function tellAsFiles(dumps: readonly DatabaseFacts[], why: string, run: Run): void {
  for (const { name, path } of dumps) run.emit({ type: 'run.note', code: 'restore.dump-as-file', path, message: `the dump of ${name} is restored as a file; ${why}` })
}

function containedTarget(database: ContainerDatabase, facts: DatabaseFacts, scratch: string, trust: DumpTrust): RestoreDatabase {
  return {
    name: facts.name, facts, path: facts.path, label: `the database ${database.name} in the container ${database.container.name}`,
    async check(run) {
      await database.describe(run)
    },
    ...(database.refuseUnsafe === undefined ? {} : { refuseUnsafe: database.refuseUnsafe }),
    async dump(run) {
      if (await database.isEmpty(run.signal)) return undefined
      const dump = await database.dump(run, { path: facts.path, scratch })
      if (dump.entry.open === undefined) throw new AppError('internal', 'A dump has no content')
      return dump.entry.open(run.signal)
    },
    import: async (content, run) => await database.restore(content, run, facts, trust),
    importKept: async (content, run) => await database.restore(content, run),
    clear: async (run) => await database.clear(run.signal),
  }
}

