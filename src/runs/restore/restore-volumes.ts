import { join } from 'node:path'
import { AnchoredFolder } from '../../disk/anchored-folder.ts'
import { copyFolderMetadata } from '../../disk/folder-metadata.ts'
import { compileSelection } from '../../disk/selection.ts'
import { syncFileSystemOf } from '../../disk/sync-file-system-of.ts'
import { openTreeWriter } from '../../disk/tree-writer.ts'
import type { Ownership } from '../../disk/tree-writer.ts'
import type { Manifest } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { VaultReader } from '../../model/vault.ts'
import { belowFolder } from './below-folder.ts'
import { mountPointsBelow } from './mount-points.ts'
import type { Belongs } from './plan-swap.ts'
import { planSwap } from './plan-swap.ts'
import { previewRestore } from './preview-restore.ts'
import { requireSpace } from './require-space.ts'
import { sparing } from './spare.ts'
import type { RestoreAbout } from './restore-record.ts'
import { RestoreRecord } from './restore-record.ts'
import { keepFolderMetadata, missingAfterSwap, swapBack, swapIn } from './swap.ts'
import type { VolumeTarget } from './volume-targets.ts'
import { makeWorkFolder, removeWorkFolder } from './work-folder.ts'

/** A volume of a restore: each has a work folder of its own on its own file system; the record of the whole names them. */
export type WorkVolume = RestoreAbout['volumes'][number]

type Staging = { readonly vault: VaultReader; readonly id: string; readonly manifest: Manifest; readonly ownership: Ownership; readonly trusted: boolean; readonly tempFolder: string }

/** Unpacks a volume beside itself, and plans its swap; nothing live is touched. @throws as restorePoint. */
export async function stageVolume(volume: VolumeTarget, about: RestoreAbout, { vault, id, manifest, ownership, trusted, tempFolder }: Staging, run: Run, onFolder: (work: WorkVolume) => void): Promise<void> {
  const below = belowFolder(vault, volume.path)
  const belongs = belongsToVolume(volume.target, manifest, volume.path)
  const folder = makeWorkFolder(volume.target, run.now())
  onFolder({ name: volume.name, target: volume.target, folder })
  using record = new RestoreRecord(folder)
  record.about = { ...about, target: volume.target, createdTarget: false, databases: [], volumes: [] }
  const preview = await previewRestore(below, id, () => true, volume.target, belongs, tempFolder, run)
  requireSpace(folder, preview)
  const stageFolder = join(folder, 'stage')
  {
    await using writer = await openTreeWriter(stageFolder, { trusted, ownership, signal: run.signal })
    await below.extract(id, () => true, writer, run)
    for (const { code, message, path } of await writer.finish(run.signal)) run.emit({ type: code === 'missing' ? 'run.warning' : 'run.note', code, message, path: `${volume.path}/${path}` })
  }
}

/** Call it once what writes into the volumes stands still. */
export function planVolume({ folder, target }: WorkVolume, manifest: Manifest, path: string): void {
  using record = new RestoreRecord(folder)
  {
    using staged = new AnchoredFolder(join(folder, 'stage'))
    using live = new AnchoredFolder(target)
    record.plan(planSwap(staged, live, belongsToVolume(target, manifest, path), mountPointsBelow(target)))
  }
  keepFolderMetadata(record, target, copyFolderMetadata)
}

function belongsToVolume(target: string, manifest: Manifest, path: string): Belongs {
  const excluded = compileSelection({ include: [], exclude: manifest.selection.exclude })
  return sparing((below, isDir) => excluded(below === '.' ? path : `${path}/${below}`, isDir), target, manifest, path)
}

/** Durable before the record of the whole says that the change has begun. */
export async function beginVolumes(volumes: readonly WorkVolume[]): Promise<void> {
  for (const { folder } of volumes) {
    await syncFileSystemOf(folder)
    using record = new RestoreRecord(folder)
    record.state = 'changing'
  }
}

/** May be called again after a kill. */
export async function swapVolumesIn(volumes: readonly WorkVolume[], run: Run): Promise<void> {
  for (const { name, folder, target } of volumes) {
    using record = new RestoreRecord(folder)
    swapIn(record, target, copyFolderMetadata, run.signal)
    await syncFileSystemOf(folder)
    for (const path of missingAfterSwap(record, target)) run.emit({ type: 'run.warning', code: 'restore.missing', path, message: `was put into the volume ${name} and is not there any more: something else changes it; restore again when it is quiet` })
  }
}

/** Before the record of the whole says that it is done. */
export function finishVolumes(volumes: readonly WorkVolume[], state: 'done' | 'undone', at: Date): void {
  for (const { folder } of volumes) {
    using record = new RestoreRecord(folder)
    record.state = state
    record.finishedAt = at
  }
}

/** May be called again after a kill. */
export async function swapVolumesBack(volumes: readonly WorkVolume[]): Promise<void> {
  for (const { folder, target } of volumes) {
    using record = new RestoreRecord(folder)
    record.state = 'rolling-back'
    swapBack(record, target, copyFolderMetadata)
    await syncFileSystemOf(folder)
  }
}

export async function removeVolumeWork(volumes: readonly WorkVolume[]): Promise<void> {
  for (const { folder } of volumes) await removeWorkFolder(folder)
}
