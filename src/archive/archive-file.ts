import { basename, resolve } from 'node:path'
import { AppError } from '../kit/app-error.ts'
import type { Secret } from '../kit/secret.ts'
import type { EntryWriter } from '../model/entry-writer.ts'
import type { Entry } from '../model/entry.ts'
import type { Manifest, Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { CheckDepth, Finding, OpenWhat, Selection, VaultReader } from '../model/vault.ts'
import { openPathSource } from './archive-source.ts'
import { checkPoint } from './check-point.ts'
import { extractPoint, readSelected } from './extract-point.ts'
import { isEncrypted, snapshotOf } from './list-points.ts'
import type { PointSource } from './point-source.ts'
import { readManifest } from './read-point.ts'
import type { ReadPointOptions } from './read-point.ts'
import { markOf, requireGiven } from './same-manifest.ts'

/**
 * One archive, or one plain folder, outside any vault: a vault with one restore point. Its format is told by its bytes.
 * @throws AppError `vault.missing`, `storage.denied`, `archive.foreign`.
 */
export async function openArchiveFile(path: string, options: { readonly password?: Secret; readonly tempFolder?: string } = {}): Promise<VaultReader> {
  const full = resolve(path)
  return new ArchiveFile(full, await openPathSource(full, options.password), options.tempFolder)
}

class ArchiveFile implements VaultReader {
  readonly #path: string
  readonly #source: PointSource
  readonly #tempFolder: string | undefined
  #manifest: Manifest | undefined

  constructor(path: string, source: PointSource, tempFolder: string | undefined) {
    this.#path = path
    this.#source = source
    this.#tempFolder = tempFolder
  }

  async snapshots(run: Run): Promise<readonly Snapshot[]> {
    const manifest = await this.#read(run)
    const sizeBytes = this.#source.bytes?.sizeBytes ?? manifest.contentBytes
    return [snapshotOf(manifest, { key: basename(this.#path), sizeBytes, encrypted: await isEncrypted(this.#source, run.signal), format: this.#source.format })]
  }

  async manifest(id: string, run: Run): Promise<Manifest> {
    await this.#require(id, run)
    return this.#read(run)
  }

  async *open(id: string, selection: Selection, run: Run, what: OpenWhat): AsyncGenerator<Entry, void, undefined> {
    await this.#require(id, run)
    yield* readSelected(this.#source, selection, { ...this.#options(run), what })
  }

  async extract(id: string, selection: Selection, writer: EntryWriter, run: Run): Promise<void> {
    await this.#require(id, run)
    await extractPoint(this.#source, selection, writer, this.#options(run))
  }

  async *check(id: string, depth: CheckDepth, run: Run): AsyncGenerator<Finding, void, undefined> {
    await this.#require(id, run)
    yield* checkPoint(id, this.#source, depth, run, this.#options(run))
  }

  /** An id from `snapshots`, which is one of the manifest's. */
  async #require(id: string, run: Run): Promise<void> {
    const manifest = await this.#read(run)
    if (!manifest.points.some((point) => point.id === id)) throw new AppError('vault.unknown-point', `${this.#path} does not hold the restore point ${id}`)
  }

  async #read(run: Run): Promise<Manifest> {
    this.#manifest ??= await readManifest(this.#source, this.#options(run))
    return this.#manifest
  }

  #options(run: Run): ReadPointOptions {
    const known = this.#manifest
    return {
      signal: run.signal,
      ...(this.#tempFolder === undefined ? {} : { tempFolder: this.#tempFolder }),
      ...(known === undefined ? {} : { onManifest: (manifest: Manifest) => requireGiven(manifest, markOf(known), this.#path) }),
    }
  }
}
