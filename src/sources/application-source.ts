import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { systemPath } from '../disk/name-codec.ts'
import { compileSelection } from '../disk/selection.ts'
import type { Select } from '../disk/selection.ts'
import { walk } from '../disk/walk.ts'
import { AppError, messageOf } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import type { Hook } from '../model/hook.ts'
import type { DatabaseFacts, Scope, SelectionRules } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { Source } from '../model/source.ts'
import type { Freezer } from './containers/freeze-containers.ts'
import { volumesFolder } from './containers/volumes.ts'
import type { Database } from './databases/database.ts'
import { isSqliteEntry } from './databases/holds-sqlite.ts'
import { RawDatabaseWatch } from './databases/raw-database.ts'
import { sqliteDump } from './databases/sqlite-copy.ts'
import { dumpNames } from './dump-names.ts'
import { isSideFile } from './side-files.ts'

export type ApplicationSourceOptions = {
  readonly root: string
  readonly scope: Scope
  readonly selection: SelectionRules
  /** Servers' databases, dumped while the application runs; each with the name that the configuration gives its dump. */
  readonly databases: readonly { readonly database: Database; readonly dumpName?: string }[]
  /** Folders outside the root that belong to the application, each with its path in the restore point. */
  readonly volumes: readonly { readonly source: string; readonly path: string }[]
  /** SQLite files that the configuration names, relative to the root; others are found by their first bytes. */
  readonly sqliteFiles: ReadonlySet<string>
  /** The preset's name for the first dump. */
  readonly dumpName: string
  readonly hooks: Hook
  /** Containers that stand still while the files are read. */
  readonly freezer?: Freezer
  /** On a disk with room for a copy of each SQLite database. */
  readonly tempFolder: string
}

/**
 * An application's entries: the live hook, dumps of its servers' databases, the frozen hook, then its files — with each SQLite
 * database replaced by an online copy of itself. Raw files of a database server that runs are told as a warning: such
 * a point is never called complete.
 */
export function applicationSource(options: ApplicationSourceOptions): Source {
  const facts: DatabaseFacts[] = []
  return {
    entries: (run) => entries(options, facts, run),
    look: async (run) => await options.freezer?.look(run),
    // What the frozen hook quiesces, the hooks after the run release.
    thaw: async (run) => await options.freezer?.thaw(run),
    databases: () => facts,
  }
}

async function* entries(options: ApplicationSourceOptions, facts: DatabaseFacts[], run: Run): AsyncGenerator<Entry> {
  await options.hooks.fire('live-before', run)
  const taken = new Set<string>()
  yield* dumps(options, facts, taken, run)
  // SQLite databases are copied while they are in use.
  if (options.scope !== 'database') await options.freezer?.freeze(run)
  await options.hooks.fire('frozen', run)
  run.emit({ type: 'run.phase', phase: 'files' })
  yield* files(options, facts, taken, run)
}

async function* dumps({ databases, dumpName, root, tempFolder }: ApplicationSourceOptions, facts: DatabaseFacts[], taken: Set<string>, run: Run): AsyncGenerator<Entry> {
  if (databases.length === 0) return
  run.emit({ type: 'run.phase', phase: 'dump' })
  const unnamed = databases.filter((entry) => entry.dumpName === undefined)
  const given = new Set(databases.flatMap((entry) => entry.dumpName ?? []))
  const names = dumpNames(unnamed.map(({ database }) => database.name), dumpName, (path) => given.has(path) || isThere(join(root, path)))
  for (const { database, dumpName: own } of databases) {
    const path = own ?? names[unnamed.findIndex((entry) => entry.database === database)]
    if (path === undefined) throw new AppError('internal', `The dump of ${database.name} has no name`)
    taken.add(path)
    yield* dumped(await database.dump(run, { path, scratch: tempFolder }), facts, run)
  }
}

async function* dumped(dump: Awaited<ReturnType<Database['dump']>>, facts: DatabaseFacts[], run: Run): AsyncGenerator<Entry> {
  await using opened = dump
  let wasRead = false
  const { entry } = opened
  const open = entry.open
  if (open === undefined) throw new AppError('internal', `The dump ${entry.path} has no content`)
  yield {
    ...entry,
    async* open(signal) {
      yield* open.call(entry, signal)
      wasRead = true
    },
  }
  // A writer reads each entry to its end before it asks for the next.
  if (!wasRead) throw new AppError('database.dump', `The dump ${entry.path} was not read to its end`)
  const database = opened.facts()
  facts.push(database)
  run.emit({ type: 'dump.finished', database })
}

async function* files(options: ApplicationSourceOptions, facts: DatabaseFacts[], taken: ReadonlySet<string>, run: Run): AsyncGenerator<Entry> {
  const { root, selection, sqliteFiles } = options
  const copied = new Set<string>()
  const inRoot = compileSelection(selection)
  const hasVolumes = options.volumes.length > 0
  // That path in the restore point is for the volumes; what lies there was put down by a restore without an engine.
  if (hasVolumes && isThere(join(root, volumesFolder))) run.emit({ type: 'run.warning', path: volumesFolder, code: 'containers.volumes-as-files', message: 'holds volumes as a restore without a container engine put them down, and is not saved: the volumes that are in use are. Restore that point again now that an engine runs, or copy what you need into the volumes; then move this folder away' })
  yield* tree(options, { source: root, path: '', select: (path, isDir) => hasVolumes && path === volumesFolder ? 'skip' : inRoot(path, isDir) }, { facts, taken, copied }, run)
  for (const sqlite of sqliteFiles) {
    if (!copied.has(sqlite)) run.emit({ type: 'run.warning', path: sqlite, code: 'database.missing', message: 'is named in the configuration as an SQLite database, and is none or not there' })
  }
  if (options.scope === 'database') return
  // What is included of the root says nothing of these; what is excluded is told by their paths in the restore point.
  const select = compileSelection({ include: [], exclude: selection.exclude })
  for (const { source, path } of options.volumes) {
    yield* tree(options, { source, path: `${path}/`, select: (below, isDir) => select(below === '.' ? path : `${path}/${below}`, isDir) }, { facts, taken: new Set(), copied: new Set() }, run)
  }
}

/** Everything below a folder, under a path of the restore point: empty for the root, else with a slash at its end. */
type Tree = { readonly source: string; readonly path: string; readonly select: Select }

async function* tree(options: ApplicationSourceOptions, { source, path: prefix, select }: Tree, { facts, taken, copied }: { facts: DatabaseFacts[]; taken: ReadonlySet<string>; copied: Set<string> }, run: Run): AsyncGenerator<Entry> {
  const { selection, scope, sqliteFiles } = options
  const placed = (path: string): string => prefix === '' ? path : path === '.' ? prefix.slice(0, -1) : `${prefix}${path}`
  using raw = new RawDatabaseWatch(source)
  for await (const found of walk(source, {
    select,
    oneFileSystem: selection.oneFileSystem,
    cacheDirTag: selection.cacheDirTag,
    signal: run.signal,
    onProblem({ path, code, message }) {
      // Of the databases alone nothing is missing by a file that went, as a running server's do.
      if (scope === 'database' && code !== 'unreadable') return
      run.emit({ type: 'run.warning', path: placed(path), code, message })
    },
    onSkip: (path, reason) => run.emit({ type: 'run.note', path: placed(path), code: reason, message: reason === 'cache' ? 'its contents are marked as a cache (CACHEDIR.TAG) and left out' : 'it lies on another file system and is left out' }),
  })) {
    const entry = prefix === '' ? found : { ...found, path: placed(found.path), ...(found.hardlinkTo === undefined ? {} : { hardlinkTo: placed(found.hardlinkTo) }) }
    if (taken.has(entry.path)) {
      run.emit({ type: 'run.warning', path: entry.path, code: 'name-taken', message: 'appeared during the backup under the name of a dump, and is left out' })
      continue
    }
    if (isSideFile(entry.path, copied)) continue
    const copy = isSqliteEntry(entry, sqliteFiles) ? await sqliteCopy(options, entry, run) : undefined
    if (copy !== undefined) {
      copied.add(entry.path)
      yield* dumped(copy, facts, run)
    } else if (scope !== 'database') {
      raw.see(found)
      yield entry
    }
  }
  for (const { path, message } of raw.verdicts()) run.emit({ type: 'run.warning', path: placed(path), code: 'database.raw', message })
}

/** An online copy in the place of the live file; undefined where that failed: then the file goes in as it is, with a warning. */
async function sqliteCopy({ tempFolder }: ApplicationSourceOptions, entry: Entry, run: Run): Promise<Awaited<ReturnType<Database['dump']>> | undefined> {
  try {
    return await sqliteDump(entry, run, tempFolder)
  } catch (error) {
    if (run.signal.aborted) throw error
    run.emit({ type: 'run.warning', path: entry.path, code: 'database.dump', message: `this SQLite database could not be copied consistently and is saved as it lies there: ${messageOf(error)}` })
    return undefined
  }
}

function isThere(path: string): boolean {
  try {
    lstatSync(systemPath(path))
    return true
  } catch {
    return false
  }
}
