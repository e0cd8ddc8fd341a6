import { AppError } from '../kit/app-error.ts'
import type { EntryWriter } from '../model/entry-writer.ts'
import type { Entry } from '../model/entry.ts'
import type { Manifest, Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { About, CheckDepth, Finding, OpenWhat, Selection, Vault } from '../model/vault.ts'
import { checkPoint } from './check-point.ts'
import { extractPoint, readSelected } from './extract-point.ts'
import { removeFolderPoint } from './folder/save-folder.ts'
import { listPoints, pointAt, readOptions, sourceOf } from './list-points.ts'
import { readManifest } from './read-point.ts'
import type { ReadPointOptions } from './read-point.ts'
import { markOf, requireGiven } from './same-manifest.ts'
import { hashStored, savePoint } from './save-point.ts'
import { readHash, removeSidecars, writeSidecars } from './sidecar.ts'
import type { ArchiveVaultSettings } from './vault-context.ts'

/**
 * A folder of archives, or of plain folders, each a restore point that ordinary programs can read. New ones are written in
 * the one format; all formats that lie there are read.
 */
export async function openArchiveVault(settings: ArchiveVaultSettings): Promise<Vault> {
  return new ArchiveVault(settings)
}

class ArchiveVault implements Vault {
  readonly #settings: ArchiveVaultSettings
  readonly #known = new Map<string, Snapshot>()
  /** What was given of each restore point: plans are made from it, so nothing else may be extracted. */
  readonly #given = new Map<string, string>()

  constructor(settings: ArchiveVaultSettings) {
    this.#settings = settings
  }

  async snapshots(run: Run, onUnlisted?: (folder: string) => void): Promise<readonly Snapshot[]> {
    const points = await listPoints(this.#settings, run, onUnlisted)
    this.#known.clear()
    for (const point of points) this.#known.set(point.id, point)
    return points
  }

  async manifest(id: string, run: Run): Promise<Manifest> {
    const snapshot = await this.#find(id, run)
    const manifest = await readManifest(sourceOf(this.#settings, snapshot), { ...readOptions(this.#settings, run), id })
    requireId(manifest, id, snapshot.key)
    this.#given.set(id, markOf(manifest))
    return manifest
  }

  async *open(id: string, selection: Selection, run: Run, what: OpenWhat): AsyncGenerator<Entry, void, undefined> {
    const snapshot = await this.#find(id, run)
    yield* readSelected(sourceOf(this.#settings, snapshot), selection, { ...this.#reading(snapshot, run), what })
  }

  async extract(id: string, selection: Selection, writer: EntryWriter, run: Run): Promise<void> {
    const snapshot = await this.#find(id, run)
    await extractPoint(sourceOf(this.#settings, snapshot), selection, writer, this.#reading(snapshot, run))
  }

  async *check(id: string, depth: CheckDepth, run: Run): AsyncGenerator<Finding, void, undefined> {
    const snapshot = await this.#find(id, run)
    if (depth === 'full' && snapshot.format !== 'folder') yield* this.#checkHash(snapshot, run)
    yield* checkPoint(id, sourceOf(this.#settings, snapshot), depth, run, this.#reading(snapshot, run))
  }

  async save(entries: AsyncIterable<Entry>, about: About, run: Run, allRead: () => void | Promise<void>): Promise<readonly Snapshot[]> {
    const points = await savePoint(this.#settings, entries, about, run, allRead)
    for (const point of points) this.#known.set(point.id, point)
    return points
  }

  async mark(id: string, ok: boolean, run: Run): Promise<void> {
    const { damagedAt: _, ...snapshot } = await this.#find(id, run)
    const at = run.now().toISOString()
    const marked: Snapshot = ok ? { ...snapshot, verifiedAt: at } : { ...snapshot, damagedAt: at }
    await writeSidecars(this.#settings.storage, marked, run)
    this.#known.set(id, marked)
  }

  async remove(ids: readonly string[], run: Run): Promise<void> {
    const { storage } = this.#settings
    for (const id of ids) {
      const snapshot = await this.#find(id, run)
      // The archive first: a sidecar without one is passed over, an archive without one is still a restore point.
      if (snapshot.format !== 'folder') await storage.remove(snapshot.key, run.signal)
      else if (storage.root !== undefined) await removeFolderPoint(storage.root, snapshot.key)
      await removeSidecars(storage, snapshot.key, run.signal)
      this.#known.delete(id)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#settings.storage[Symbol.asyncDispose]()
  }

  /** @throws AppError `vault.unknown-point`. */
  async #find(id: string, run: Run): Promise<Snapshot> {
    const silent: Run = { signal: run.signal, now: () => run.now(), emit: () => undefined }
    const known = this.#known.get(id)
    // Another run may have replaced or removed it since.
    if (known !== undefined && (await this.#isThere(known, silent))) return known
    const found = (await this.snapshots(silent, () => undefined)).find((snapshot) => snapshot.id === id)
    if (found === undefined) throw new AppError('vault.unknown-point', `There is no restore point ${id}`, { hint: 'Run `holdfast list` to see those that are there.' })
    return found
  }

  async #isThere(known: Snapshot, run: Run): Promise<boolean> {
    for await (const item of this.#settings.storage.list(known.key, run.signal, () => undefined)) if (item.key === known.key && item.sizeBytes === known.sizeBytes) return true
    return known.format === 'folder' && (await pointAt(this.#settings, known.key, run))?.id === known.id
  }

  #reading(snapshot: Snapshot, run: Run): ReadPointOptions {
    const onManifest = (manifest: Manifest): void => {
      requireId(manifest, snapshot.id, snapshot.key)
      requireGiven(manifest, this.#given.get(snapshot.id), snapshot.key)
    }
    return { ...readOptions(this.#settings, run), id: snapshot.id, onManifest }
  }

  async *#checkHash(snapshot: Snapshot, run: Run): AsyncGenerator<Finding, void, undefined> {
    const stated = (await readHash(this.#settings.storage, snapshot.key, run.signal)) ?? snapshot.sha256
    if (stated === undefined || stated === (await hashStored(this.#settings.storage, snapshot.key, run.signal))) return
    yield { id: snapshot.id, code: 'archive.damaged', message: `${snapshot.key} is not the file that its .sha256 tells of` }
  }
}

/** The archive under this key may be another one than its sidecar tells. */
function requireId(manifest: Manifest, id: string, key: string): void {
  if (manifest.points.some((point) => point.id === id)) return
  throw new AppError('archive.damaged', `${key} holds another restore point than what lies beside it tells`, { hint: `Remove ${key}.json, then look again.` })
}
