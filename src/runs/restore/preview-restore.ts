import { createHash } from 'node:crypto'
import { lstatSync, rmSync, statSync } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { encodeName, systemPath } from '../../disk/name-codec.ts'
import { AppError, systemCode } from '../../kit/app-error.ts'
import type { Entry } from '../../model/entry.ts'
import type { Run } from '../../model/run.ts'
import type { Selection, VaultReader } from '../../model/vault.ts'
import { isSqliteFile } from '../../sources/databases/find-sqlite.ts'
import { mountPointsBelow, onMountPoint } from './mount-points.ts'
import type { Belongs } from './plan-swap.ts'

/** What a restore would do, counted before anything is written; the samples are the first paths of each kind. */
export type RestorePreview = {
  /** Not there now. */
  readonly written: number
  /** There, and different by kind, size, time or mode. */
  readonly overwritten: number
  /** There, and alike by kind, size, time and mode; replaced all the same. */
  readonly alike: number
  /** There, belongs to the application, and is not in the restore point. */
  readonly deleted: number
  /** Links to folders that folders take the place of: what they lead to stays, and what works with it sees nothing of the restore. They count as overwritten, too. */
  readonly linked: number
  /** What the contents take on the disk: without holes. */
  readonly contentBytes: number
  /** The largest file with its holes. */
  readonly largestBytes: number
  /** SQLite databases in the target, as their first bytes tell them: the first paths of those that are overwritten, and of those that are deleted. */
  readonly databaseFiles: { readonly overwritten: readonly string[]; readonly deleted: readonly string[] }
  /** A hash of what is overwritten and deleted, path by path; the same while nothing comes, goes or begins to differ. */
  readonly changes: string
  readonly samples: { readonly written: readonly string[]; readonly overwritten: readonly string[]; readonly deleted: readonly string[]; readonly linked: readonly string[] }
}

const sqliteJournal = /-(?:wal|shm|journal)$/
/** Of each kind so many paths are told. */
const sampleSize = 300

/**
 * Compares the metadata in a restore point with the live folder. Memory stays flat: names lie in a temporary table in
 * `tempFolder`. @throws AppError `restore.target` for content below a mount point, `archive.damaged`, `archive.password`.
 */
export async function previewRestore(vault: Pick<VaultReader, 'open'>, id: string, wanted: Selection, target: string, belongs: Belongs, tempFolder: string, run: Run): Promise<RestorePreview> {
  const folder = await mkdtemp(join(tempFolder, 'plan-'))
  const table = new DatabaseSync(join(folder, 'plan.db'))
  try {
    table.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; CREATE TABLE staged (path BLOB PRIMARY KEY) WITHOUT ROWID; BEGIN')
    const insert = table.prepare('INSERT OR IGNORE INTO staged (path) VALUES (?)')
    const find = table.prepare('SELECT 1 FROM staged WHERE path = ?')
    using live = openTarget(target)
    const mounts = live === undefined ? new Set<string>() : mountPointsBelow(target)
    const count = { written: 0, overwritten: 0, alike: 0, deleted: 0, linked: 0, contentBytes: 0, largestBytes: 0 }
    const samples = { written: [] as string[], overwritten: [] as string[], deleted: [] as string[], linked: [] as string[] }
    const databaseFiles = { overwritten: [] as string[], deleted: [] as string[] }
    const changes = createHash('sha256')
    const sample = (kind: keyof typeof samples, path: string): void => {
      count[kind] += 1
      if (samples[kind].length < sampleSize) samples[kind].push(path)
    }
    const lose = (kind: keyof typeof databaseFiles, path: string, there: BigIntStats | undefined): void => {
      sample(kind, path)
      // The journals of a database come and go while somebody works with it.
      if (!sqliteJournal.test(path)) changes.update(kind).update(encodeName(path)).update('\0')
      if (databaseFiles[kind].length < sampleSize && mayBeSqlite(there) && isSqliteFile(join(target, path))) databaseFiles[kind].push(path)
    }
    for await (const entry of vault.open(id, wanted, run, 'metadata')) {
      run.signal.throwIfAborted()
      // Names are needed only to find what is there and not in the restore point.
      if (live !== undefined && insert.run(encodeName(entry.path)).changes === 0) continue
      count.contentBytes += neededBytes(entry)
      count.largestBytes = Math.max(count.largestBytes, entry.size ?? 0)
      if (entry.path === '.') continue
      refuseBelowMount(entry, mounts)
      const there = live?.lstat(entry.path)
      if (entry.kind === 'dir' && there?.isSymbolicLink() === true && leadsToFolder(join(target, entry.path))) sample('linked', entry.path)
      if (there === undefined) sample('written', entry.path)
      else if (kindOf(there) !== entry.kind) lose('overwritten', entry.path, there)
      else if (entry.kind === 'dir') count.alike += 1
      else if (there.mtimeNs === entry.mtimeNs && Number(there.mode & 0o7777n) === entry.mode && (entry.kind !== 'file' || entry.hardlinkTo !== undefined || Number(there.size) === entry.size)) count.alike += 1
      else lose('overwritten', entry.path, there)
    }
    if (live !== undefined) {
      for (const path of belonging(live, '.', belongs, mounts)) {
        run.signal.throwIfAborted()
        if (find.get(encodeName(path)) === undefined) lose('deleted', path, live.lstat(path))
      }
    }
    return { ...count, samples, databaseFiles, changes: changes.digest('hex') }
  } finally {
    table.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

function leadsToFolder(link: string): boolean {
  try {
    return statSync(systemPath(link)).isDirectory()
  } catch {
    return false
  }
}

/** Its pages have 512 bytes or a multiple of it: most files need not be opened. */
function mayBeSqlite(there: BigIntStats | undefined): boolean {
  return there?.isFile() === true && there.size > 0n && there.size % 512n === 0n
}

/** What an entry takes on the disk: a further name nothing, a sparse file what is not hole. */
function neededBytes({ hardlinkTo, data, size }: Entry): number {
  if (hardlinkTo !== undefined) return 0
  return data === undefined ? size ?? 0 : data.reduce((sum, { length }) => sum + length, 0)
}

/** Before anything is asked or staged. A mount point itself stays as it is. */
function refuseBelowMount({ path, kind }: Entry, mounts: ReadonlySet<string>): void {
  for (const mount of mounts) if (path.startsWith(`${mount}/`) || (path === mount && kind !== 'dir')) throw onMountPoint(mount)
}

/**
 * All that belongs to the application below a folder and may be moved: neither mount points nor what is mounted there, and no folder
 * that something stays in. True where nothing does.
 */
function* belonging(live: AnchoredFolder, folder: string, belongs: Belongs, mounts: ReadonlySet<string>): Generator<string, boolean> {
  const device = live.lstat('.')?.dev
  let isAll = true
  for (const name of live.names(folder)) {
    const path = folder === '.' ? name : `${folder}/${name}`
    const there = live.lstat(path)
    if (there === undefined) continue
    const verdict = there.isSocket() || mounts.has(path) ? 'skip' : belongs(path, there.isDirectory())
    const isEmptied = verdict !== 'skip' && (!there.isDirectory() || (there.dev === device && (yield* belonging(live, path, belongs, mounts))))
    if (verdict === 'take' && isEmptied) yield path
    else isAll = false
  }
  return isAll
}

function openTarget(target: string): AnchoredFolder | undefined {
  try {
    if (!lstatSync(target).isDirectory()) throw new AppError('restore.target', `The target ${target} is no folder`, { hint: 'Name a folder, or move that file away.' })
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
  return new AnchoredFolder(target)
}

function kindOf(stat: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean; isFIFO(): boolean; isSocket(): boolean; isCharacterDevice(): boolean }): string {
  return stat.isFile() ? 'file' : stat.isDirectory() ? 'dir' : stat.isSymbolicLink() ? 'symlink' : stat.isFIFO() ? 'fifo' : stat.isSocket() ? 'socket' : stat.isCharacterDevice() ? 'char' : 'block'
}
