import { createReadStream, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { copyFolderMetadata } from '../../disk/folder-metadata.ts'
import { openTreeWriter } from '../../disk/tree-writer.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import { writeFailure } from '../../disk/write-failure.ts'
import { AppError, messageOf, systemCode } from '../../kit/app-error.ts'
import { shellQuote } from '../../kit/shell-quote.ts'
import { processIdentity } from '../../kit/process-identity.ts'
import type { EntryWriter } from '../../model/entry-writer.ts'
import type { Entry } from '../../model/entry.ts'
import type { Hook } from '../../model/hook.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { Selection, VaultReader } from '../../model/vault.ts'
import type { Freezer } from '../../sources/containers/freeze-containers.ts'
import type { ActiveRun } from '../perform-run.ts'
import { beginChange, changeApplication, changeBack } from './change-application.ts'
import { mountPointsBelow } from './mount-points.ts'
import type { Belongs } from './plan-swap.ts'
import { planSwap } from './plan-swap.ts'
import type { RestorePreview } from './preview-restore.ts'
import { previewRestore } from './preview-restore.ts'
import { requireSpace } from './require-space.ts'
import type { RestoreDatabase } from './restore-database.ts'
import { keepDatabase } from './restore-database.ts'
import { RestoreRecord } from './restore-record.ts'
import type { WorkVolume } from './restore-volumes.ts'
import { beginVolumes, finishVolumes, planVolume, removeVolumeWork, stageVolume } from './restore-volumes.ts'
import { keepFolderMetadata } from './swap.ts'
import { foldersAbove, takeOutDumps } from './take-out-dumps.ts'
import type { VolumeTarget } from './volume-targets.ts'
import { makeWorkFolder, removeIfEmpty, removeWorkFolder } from './work-folder.ts'
import { tidyRestores, unfinishedRestore } from './work-in-progress.ts'

export type RestoreRequest = {
  readonly app: string
  readonly vault: VaultReader
  readonly id: string
  readonly manifest: Manifest
  /** Absolute, without links; it need not exist. */
  readonly target: string
  readonly files: boolean
  /** The databases to import; empty for files alone. */
  readonly databases: readonly RestoreDatabase[]
  /** Volumes of its containers that get their content back. */
  readonly volumes?: readonly VolumeTarget[]
  /** Containers that stand still while the application is changed. */
  readonly freezer?: Freezer
  /** What of the restore point is written. */
  readonly wanted: Selection
  /** What of the target is replaced or removed. */
  readonly belongs: Belongs
  readonly ownership: Ownership
  /** Setuid bits and devices, from points that are verified ours. */
  readonly trusted: boolean
  readonly hooks: Hook
  readonly tempFolder: string
  readonly keepSafetyMs: number
  readonly dryRun: boolean
  /** Whether `confirm` asks a person, who takes time. */
  readonly asks: boolean
  /** Asked with the plan before anything live is touched; false ends the restore. */
  confirm(preview: RestorePreview): Promise<boolean>
}

/**
 * Restores a point in place or elsewhere, as docs/design.md ("A restore") says: plan, confirm, stage, keep, import,
 * swap; any failure brings files and databases back. Returns the preview and, unless it was a dry run, the work folder
 * that is now the safety point.
 *
 * @throws AppError `restore.confirm`, `restore.space`, `restore.target`, `restore.rolled-back` (nothing has changed in
 *   the end), `restore.failed` (it could not be brought back), `archive.damaged`, `database.unreachable`.
 */
export async function restorePoint(request: RestoreRequest, run: ActiveRun): Promise<{ preview: RestorePreview; safety?: string }> {
  run.emit({ type: 'run.phase', phase: 'plan' })
  refuseUnfinished(request.target)
  for (const database of request.databases) await database.check(run)
  const wanted = request.files ? request.wanted : (): boolean => false
  const makePlan = async (): Promise<RestorePreview> => await previewRestore(request.vault, request.id, wanted, request.target, request.files ? request.belongs : () => 'skip', request.tempFolder, run)
  if (request.dryRun) return { preview: await makePlan() }
  const preview = await confirmedPlan(request, makePlan, run)
  await tidyRestores(request.target, request.keepSafetyMs, run)
  const createdTarget = !existsSync(request.target)
  const folder = openWorkFolder(request.target, run)
  const outcome = { changed: false }
  const volumes: WorkVolume[] = []
  try {
    using record = new RestoreRecord(folder)
    record.about = aboutOf(request, run, createdTarget)
    await stage(request, folder, preview, run)
    await stageVolumes(request, record, volumes, run)
    if (createdTarget) mkdirSync(request.target, { mode: 0o700 })
    await change(request, record, outcome, run)
  } catch (error) {
    if (!outcome.changed) {
      // The failure that led here is the one to tell; what stays is removed by the next restore.
      await removeVolumeWork(volumes).then(async () => await removeWorkFolder(folder)).catch((failure: unknown) => run.emit({ type: 'run.note', code: 'restore.not-tidied', message: `${folder} could not be removed: ${messageOf(failure)}` }))
      if (createdTarget) removeIfEmpty(request.target)
    }
    throw inWords(error, folder)
  }
  return { preview, safety: folder }
}

/** Whoever took time over the plan is asked again where something else would be replaced or removed by now. */
async function confirmedPlan(request: RestoreRequest, makePlan: () => Promise<RestorePreview>, run: ActiveRun): Promise<RestorePreview> {
  for (let preview = await makePlan(); ;) {
    if (!await request.confirm(preview)) throw new AppError('restore.confirm', 'The restore was not confirmed; nothing was changed', { hint: 'Confirm the plan, or give --no-ask in a script.' })
    if (!request.asks) return preview
    const now = await makePlan()
    if (now.changes === preview.changes) return now
    run.emit({ type: 'run.note', code: 'restore.plan-changed', message: 'What is there has changed since the plan was shown: this is the plan now' })
    preview = now
  }
}

function openWorkFolder(target: string, run: ActiveRun): string {
  try {
    mkdirSync(dirname(target), { recursive: true })
    return makeWorkFolder(target, run.now())
  } catch (error) {
    throw inWords(error, `the work folder beside ${target}`)
  }
}

/** What the system refuses becomes an error for the user; all else stays as it is. */
function inWords(error: unknown, what: string): unknown {
  return systemCode(error) === undefined ? error : writeFailure(error, what)
}

function aboutOf(request: RestoreRequest, run: ActiveRun, createdTarget: boolean): RestoreRecord['about'] {
  const self = processIdentity(process.pid)
  if (self === undefined) throw new AppError('platform.unsupported', 'Holdfast needs /proc to restore', { hint: 'Mount /proc.' })
  return { app: request.app, target: request.target, point: request.id, preset: request.manifest.preset, createdTarget, trusted: request.trusted, startedAt: run.now().toISOString(), process: self, databases: [], volumes: [] }
}

function refuseUnfinished(target: string): void {
  const unfinished = unfinishedRestore(target)
  if (unfinished === undefined) return
  throw new AppError('state.unfinished-restore', `A restore of ${target} that began at ${unfinished.about.startedAt} was interrupted halfway`, {
    hint: `Finish it with "holdfast restore --resume --target ${shellQuote(target)}", or bring the former state back with "holdfast restore --rollback --target ${shellQuote(target)}".`,
  })
}

/** Unpacks beside the target, verifying every content; afterwards dumps lie in `databases/`, the files in `stage/`. */
async function stage(request: RestoreRequest, folder: string, preview: RestorePreview, run: ActiveRun): Promise<void> {
  run.emit({ type: 'run.phase', phase: 'stage', totalBytes: preview.contentBytes })
  requireSpace(folder, preview)
  const dumps = new Map(request.databases.map((database, index) => [database.path, `${index}.sql`]))
  const wanted: Selection = (path) => dumps.has(path) || (request.files && request.wanted(path))
  const stageFolder = join(folder, 'stage')
  const aboveDumps = new Set([...dumps.keys()].flatMap(foldersAbove))
  const given = new Set<string>()
  {
    await using writer = await openTreeWriter(stageFolder, { trusted: request.trusted, ownership: request.ownership, signal: run.signal })
    await request.vault.extract(request.id, wanted, countingWriter(writer, run, (entry) => {
      if (entry.kind === 'dir' && aboveDumps.has(entry.path)) given.add(entry.path)
    }), run)
    // What is not there at all makes the restore partial; what lost an owner or an attribute is there.
    for (const { code, message, path } of await writer.finish(run.signal)) run.emit({ type: code === 'missing' ? 'run.warning' : 'run.note', code, message, path })
  }
  using staged = new AnchoredFolder(stageFolder)
  takeOutDumps(staged, dumps, given, join(folder, 'databases'))
  for (const [index, { refuseUnsafe }] of request.databases.entries()) await refuseUnsafe?.(createReadStream(join(folder, 'databases', `${index}.sql`), { highWaterMark: 1 << 18, signal: run.signal }))
}

/** The record names each volume's work folder as soon as it is there. */
async function stageVolumes(request: RestoreRequest, record: RestoreRecord, volumes: WorkVolume[], run: ActiveRun): Promise<void> {
  for (const volume of request.volumes ?? []) {
    await stageVolume(volume, record.about, request, run, (work) => {
      volumes.push(work)
      record.about = { ...record.about, volumes: [...volumes] }
    })
  }
}

async function change(request: RestoreRequest, record: RestoreRecord, outcome: { changed: boolean }, run: ActiveRun): Promise<void> {
  let failure: unknown
  try {
    await request.hooks.fire('before-restore', run)
    await request.freezer?.freeze(run)
    run.emit({ type: 'run.phase', phase: 'safety' })
    record.about = { ...record.about, databases: await keepDatabases(request, record.folder, run) }
    plan(request, record)
    for (const work of record.about.volumes) planVolume(work, request.manifest, request.volumes?.find(({ target }) => target === work.target)?.path ?? '')
    await beginVolumes(record.about.volumes)
    await beginChange(record)
    outcome.changed = true
    await changeApplication(record, request.databases, run)
    await request.freezer?.look(run)
    finishVolumes(record.about.volumes, 'done', run.now())
    record.state = 'done'
    record.finishedAt = run.now()
  } catch (error) {
    failure = outcome.changed ? await bringBack(request, record, inWords(error, request.target), run).catch((failed: unknown) => failed) : error
  }
  try {
    // What runs on half of one state and half of another may destroy both.
    if (record.state === 'changing' || record.state === 'rolling-back') run.emit({ type: 'run.warning', code: 'containers.half-restored', message: 'Containers that stand still stay so until the restore is finished or rolled back' })
    else await request.freezer?.thaw(run)
    await request.hooks.fire('after-restore', run)
  } catch (error) {
    // Why the restore failed, and whether all was brought back, matters more.
    if (failure === undefined) throw error
    run.emit({ type: 'run.warning', code: 'hook.failed', message: messageOf(error) })
  }
  if (failure !== undefined) throw failure
}

async function keepDatabases(request: RestoreRequest, folder: string, run: ActiveRun): Promise<RestoreRecord['about']['databases']> {
  const kept: RestoreRecord['about']['databases'] = []
  for (const [index, database] of request.databases.entries()) {
    const safety = `${index}.before.sql.zst`
    const hasContent = await keepDatabase(database, join(folder, 'databases', safety), run)
    kept.push({ facts: database.facts, dump: `${index}.sql`, ...(hasContent ? { safety } : {}) })
  }
  return kept
}

function plan(request: RestoreRequest, record: RestoreRecord): void {
  if (!request.files) return
  {
    using staged = new AnchoredFolder(join(record.folder, 'stage'))
    using live = new AnchoredFolder(request.target)
    record.plan(planSwap(staged, live, request.belongs, mountPointsBelow(request.target)))
  }
  keepFolderMetadata(record, request.target, copyFolderMetadata)
}

async function bringBack(request: RestoreRequest, record: RestoreRecord, cause: unknown, run: ActiveRun): Promise<never> {
  await changeBack(record, request.databases, run)
  if (cause instanceof AppError && cause.code === 'interrupted') throw cause
  throw new AppError('restore.rolled-back', `The restore failed and everything was brought back to what it was: ${messageOf(cause)}`, {
    hint: cause instanceof AppError && cause.hint !== undefined ? cause.hint : 'Remove the cause and restore again.',
    cause,
  })
}

/** Tells how far the unpacking has come. */
function countingWriter(writer: EntryWriter, run: ActiveRun, onEntry: (entry: Entry) => void): EntryWriter {
  const done = { files: 0, bytes: 0 }
  const tell = (path: string): void => run.emit({ type: 'run.progress', ...done, path })
  return {
    async write(entry, content) {
      onEntry(entry)
      await writer.write(entry, content === undefined ? undefined : counted(content, (bytes) => {
        done.bytes += bytes
        tell(entry.path)
      }))
      done.files += 1
      if (content === undefined) tell(entry.path)
    },
    writeSmall(entry, content, sha256) {
      onEntry(entry)
      writer.writeSmall(entry, content, sha256)
      done.files += 1
      done.bytes += content.length
      tell(entry.path)
    },
    finish: async (signal) => await writer.finish(signal),
  }
}

async function* counted(content: AsyncIterable<Uint8Array>, tell: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  for await (const bytes of content) {
    tell(bytes.length)
    yield bytes
  }
}
