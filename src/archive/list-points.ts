import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf } from '../kit/app-error.ts'
import { temporaryPrefix } from '../kit/temporary-name.ts'
import type { Manifest, Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { StoredItem } from '../model/storage.ts'
import { archiveSource, storedBytes } from './archive-source.ts'
import { knownForeign } from './foreign/known-foreign.ts'
import { folderPointId, folderSource } from './folder/folder-source.ts'
import { formatOfKey } from './formats.ts'
import type { PointSource } from './point-source.ts'
import { readManifest } from './read-point.ts'
import { readSidecar } from './sidecar.ts'
import { baseName } from './vault-context.ts'
import type { ArchiveVaultSettings } from './vault-context.ts'

// Deeper than any name that a preset chooses.
const deepestFolder = 4

/** All restore points of a vault, newest first. What is no readable restore point is told by a note; `onUnlisted` as Vault.snapshots. */
export async function listPoints(vault: ArchiveVaultSettings, run: Run, onUnlisted?: (folder: string) => void): Promise<Snapshot[]> {
  const points: Snapshot[] = []
  const items: StoredItem[] = []
  for await (const item of vault.storage.list('', run.signal, onUnlisted)) if (formatOfKey(item.key) !== undefined) items.push(item)
  const isForeign = await knownForeign(vault.storage, run.signal)
  for (const item of items) {
    if (vault.storage.root !== undefined && isForeign(join(vault.storage.root, item.key), item.sizeBytes, item.modifiedAt)) continue
    const point = await noted(item.key, run, async () => archiveSnapshot(vault, item, run))
    if (point !== undefined) points.push(point)
  }
  if (vault.storage.root !== undefined) {
    for await (const key of pointFolders(vault.storage.root, '', deepestFolder)) {
      const point = await noted(key, run, async () => folderSnapshot(vault, key, run))
      if (point !== undefined) points.push(point)
    }
  }
  return points.sort((a, b) => b.startedAt.localeCompare(a.startedAt) || b.finishedAt.localeCompare(a.finishedAt) || a.key.localeCompare(b.key))
}

/** What is known of the restore point at one key, if there is one. @throws AppError as readManifest. */
export async function pointAt(vault: ArchiveVaultSettings, key: string, run: Run): Promise<Snapshot | undefined> {
  if (formatOfKey(key) === undefined) return (await isPointFolder(vault, key)) ? folderSnapshot(vault, key, run) : undefined
  for await (const item of vault.storage.list(key, run.signal, () => undefined)) if (item.key === key) return archiveSnapshot(vault, item, run)
  return undefined
}

/** The bytes or the folder of a restore point. */
export function sourceOf(vault: ArchiveVaultSettings, snapshot: Pick<Snapshot, 'key' | 'sizeBytes' | 'trailerAt'>): PointSource {
  const format = formatOfKey(snapshot.key)
  if (format !== undefined) return archiveSource(storedBytes(vault.storage, snapshot.key, snapshot.sizeBytes), format, vault.password, snapshot.trailerAt)
  if (vault.storage.root === undefined) throw new AppError('vault.unknown-point', `${snapshot.key} is no archive`)
  return folderSource(join(vault.storage.root, snapshot.key))
}

/** What a manifest tells of the archive at a key. */
export function snapshotOf(manifest: Manifest, at: { readonly key: string; readonly sizeBytes: number; readonly encrypted: boolean; readonly format: Snapshot['format'] }): Snapshot {
  // The same bytes may be two points; the name tells which, and a renamed file is the first.
  const point = manifest.points.find((candidate) => baseName(candidate.key) === baseName(at.key)) ?? manifest.points[0]
  if (point === undefined) throw new AppError('internal', 'A manifest without a point')
  return {
    id: point.id,
    app: manifest.app,
    host: manifest.host,
    root: manifest.root,
    scope: manifest.scope,
    slot: point.slot,
    startedAt: manifest.startedAt,
    finishedAt: manifest.finishedAt,
    complete: manifest.complete,
    format: at.format,
    key: at.key,
    encrypted: at.encrypted,
    sizeBytes: at.sizeBytes,
    contentBytes: manifest.contentBytes,
    entries: manifest.entries,
    databases: manifest.databases.length,
    warnings: manifest.warnings.length,
    ...(manifest.foreign === undefined ? {} : { foreign: manifest.foreign }),
  }
}

async function archiveSnapshot(vault: ArchiveVaultSettings, item: StoredItem, run: Run): Promise<Snapshot | undefined> {
  const known = await readSidecar(vault.storage, item.key, item.sizeBytes, run.signal)
  if (known !== undefined) return known
  const source = sourceOf(vault, item)
  const manifest = await readManifest(source, readOptions(vault, run))
  const snapshot = snapshotOf(manifest, { key: item.key, sizeBytes: item.sizeBytes, encrypted: await isEncrypted(source, run.signal), format: source.format })
  // Found when the manifest was read; the next reading need not look again.
  const trailerAt = await source.tail?.at('look', run.signal).catch(() => undefined)
  return trailerAt === undefined ? snapshot : { ...snapshot, trailerAt }
}

async function folderSnapshot(vault: ArchiveVaultSettings, key: string, run: Run): Promise<Snapshot> {
  const manifest = await readManifest(sourceOf(vault, { key, sizeBytes: 0 }), readOptions(vault, run))
  const made = snapshotOf(manifest, { key, sizeBytes: manifest.contentBytes, encrypted: false, format: 'folder' })
  const known = await readSidecar(vault.storage, key, undefined, run.signal)
  return known?.id === made.id ? known : made
}

export function readOptions(vault: ArchiveVaultSettings, run: Run): { signal: AbortSignal; tempFolder?: string } {
  return { signal: run.signal, ...(vault.tempFolder === undefined ? {} : { tempFolder: vault.tempFolder }) }
}

/** Gives undefined for what is not ours, and for what cannot be read a note besides. */
async function noted(key: string, run: Run, find: () => Promise<Snapshot | undefined>): Promise<Snapshot | undefined> {
  try {
    return await find()
  } catch (error) {
    if (run.signal.aborted || !(error instanceof AppError)) throw error
    if (error.code !== 'archive.foreign') run.emit({ type: 'run.note', code: error.code, message: `${key}: ${messageOf(error)}`, path: key })
    return undefined
  }
}

/** Bit 0 of the flags of the first local header (APPNOTE 4.4.4). */
export async function isEncrypted(source: PointSource, signal: AbortSignal): Promise<boolean> {
  if (source.format !== 'zip' || source.bytes === undefined || source.bytes.sizeBytes < 8) return false
  for await (const bytes of source.bytes.range(6, 7, signal)) return ((bytes[0] ?? 0) & 1) === 1
  return false
}

async function isPointFolder(vault: ArchiveVaultSettings, key: string): Promise<boolean> {
  return vault.storage.root !== undefined && (await folderPointId(join(vault.storage.root, key))) !== undefined
}

async function* pointFolders(root: string, folder: string, depth: number): AsyncGenerator<string, void, undefined> {
  const items = await readdir(join(root, folder), { withFileTypes: true }).catch(() => [])
  const isPoint = folder !== '' && items.some((item) => item.isDirectory() && /^\.holdfast-[0-9a-f]{16}$/.test(item.name))
  if (isPoint) {
    yield folder
    return
  }
  if (depth === 0) return
  for (const item of items) {
    if (!item.isDirectory() || item.name.startsWith(temporaryPrefix)) continue
    yield* pointFolders(root, folder === '' ? item.name : `${folder}/${item.name}`, depth - 1)
  }
}
