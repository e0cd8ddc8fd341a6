import { AppError, messageOf } from '../../kit/app-error.ts'
import type { EntryWriter } from '../../model/entry-writer.ts'
import type { Entry } from '../../model/entry.ts'
import type { Manifest, Snapshot } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { Storage } from '../../model/storage.ts'
import type { About, CheckDepth, Finding, OpenWhat, Selection, Vault } from '../../model/vault.ts'
import { putText, readSmall } from '../sidecar.ts'
import { requireUnchanged } from './foreign-files.ts'
import { foreignPointSchema, foreignSnapshot, nameOf } from './foreign-point.ts'
import type { ForeignPoint } from './foreign-point.ts'
import { ForeignVault } from './foreign-vault.ts'
import { importedFolder, referenceEnding } from './known-foreign.ts'
import type { ContainerOptions } from './open-container.ts'

// What is larger is not read again (readSmall).
const mostReferenceBytes = 1024 * 1024

/**
 * A vault with the foreign restore points that were imported at its place, beside its own. Of each there lies a reference
 * at the place; removing such a point removes the reference, and never the foreign files.
 */
export class ImportedVault implements Vault {
  readonly #own: Vault
  readonly #storage: Storage
  readonly #options: ContainerOptions
  #points: ReadonlyMap<string, ForeignPoint> | undefined

  /** Takes over `own`, and leaves the storage to it. */
  constructor(own: Vault, storage: Storage, options: ContainerOptions) {
    this.#own = own
    this.#storage = storage
    this.#options = options
  }

  async snapshots(run: Run, onUnlisted?: (folder: string) => void): Promise<readonly Snapshot[]> {
    const own = await this.#own.snapshots(run, onUnlisted)
    const points = await this.#load(run)
    const foreign: Snapshot[] = []
    for (const point of points.values()) foreign.push(await this.#snapshot(point, run))
    return foreign.length === 0 ? own : [...own, ...foreign].sort((a, b) => b.startedAt.localeCompare(a.startedAt))
  }

  async manifest(id: string, run: Run): Promise<Manifest> {
    return await (await this.#reader(id, run)).manifest(id, run)
  }

  async *open(id: string, selection: Selection, run: Run, what: OpenWhat): AsyncGenerator<Entry, void, undefined> {
    yield* (await this.#reader(id, run)).open(id, selection, run, what)
  }

  async extract(id: string, selection: Selection, writer: EntryWriter, run: Run): Promise<void> {
    await (await this.#reader(id, run)).extract(id, selection, writer, run)
  }

  async *check(id: string, depth: CheckDepth, run: Run): AsyncGenerator<Finding, void, undefined> {
    yield* (await this.#reader(id, run)).check(id, depth, run)
  }

  async save(entries: AsyncIterable<Entry>, about: About, run: Run, allRead: () => void | Promise<void>): Promise<readonly Snapshot[]> {
    return await this.#own.save(entries, about, run, allRead)
  }

  async mark(id: string, ok: boolean, run: Run): Promise<void> {
    const point = await this.#find(id, run)
    if (point === undefined) return await this.#own.mark(id, ok, run)
    const { damagedAt: _, ...rest } = point
    const at = run.now().toISOString()
    await this.#write(ok ? { ...rest, verifiedAt: at } : { ...rest, damagedAt: at }, run)
  }

  async remove(ids: readonly string[], run: Run): Promise<void> {
    for (const id of ids) {
      if (await this.#find(id, run) === undefined) await this.#own.remove([id], run)
      else await this.#storage.remove(`${importedFolder}${id}${referenceEnding}`, run.signal)
    }
    this.#points = undefined
  }

  /**
   * Leaves a reference at the place, and gives the point that is listed from then on. The same bytes are one point (IOTstack's dated and
   * rolling archives): the file that was imported first stays the one, as long as it is there.
   */
  async add(point: ForeignPoint, run: Run): Promise<{ readonly point: ForeignPoint; readonly isNew: boolean }> {
    const before = await this.#find(point.id, run)
    if (before !== undefined && before.files.some(({ path }, index) => path !== point.files[index]?.path) && await isThere(before, run)) return { point: before, isNew: false }
    await this.#write(before === undefined ? point : { ...point, importedAt: before.importedAt }, run)
    return { point, isNew: before === undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own[Symbol.asyncDispose]()
  }

  async #snapshot(point: ForeignPoint, run: Run): Promise<Snapshot> {
    const snapshot = foreignSnapshot(point)
    try {
      for (const file of point.files) await requireUnchanged(file, 'quick', run.signal)
      return snapshot
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      run.emit({ type: 'run.note', code: error.code, message: `The imported point ${point.id} cannot be used: ${messageOf(error)}` })
      return { ...snapshot, damagedAt: run.now().toISOString() }
    }
  }

  async #reader(id: string, run: Run): Promise<Pick<Vault, 'manifest' | 'open' | 'extract' | 'check'>> {
    const point = await this.#find(id, run)
    return point === undefined ? this.#own : new ForeignVault(point, this.#options)
  }

  async #find(id: string, run: Run): Promise<ForeignPoint | undefined> {
    return (this.#points ?? await this.#load(run)).get(id)
  }

  async #load(run: Run): Promise<ReadonlyMap<string, ForeignPoint>> {
    const points = new Map<string, ForeignPoint>()
    // A folder that may not be read was told with our own points.
    for await (const { key } of this.#storage.list(importedFolder, run.signal, () => undefined)) {
      if (!key.endsWith(referenceEnding)) continue
      const point = parsed(await readSmall(this.#storage, key, run.signal))
      if (point !== undefined && key === `${importedFolder}${point.id}${referenceEnding}`) points.set(point.id, point)
      else run.emit({ type: 'run.note', code: 'archive.damaged', message: `${key} is no reference to a foreign archive that can be read; import the archive again` })
    }
    this.#points = points
    return points
  }

  async #write(point: ForeignPoint, run: Run): Promise<void> {
    const text = `${JSON.stringify(point, undefined, 1)}\n`
    if (Buffer.byteLength(text) > mostReferenceBytes) throw new AppError('archive.too-large', `What is known of ${nameOf(point)} is too much for a reference: it holds ${point.manifest.databases.reduce((sum, { tables }) => sum + tables.length, 0)} tables`, { hint: 'Restore it by its path, without an import.' })
    await putText(this.#storage, `${importedFolder}${point.id}${referenceEnding}`, text, run.signal)
    this.#points = undefined
  }
}

async function isThere(point: ForeignPoint, run: Run): Promise<boolean> {
  try {
    for (const file of point.files) await requireUnchanged(file, 'quick', run.signal)
    return true
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return false
  }
}

function parsed(text: string | undefined): ForeignPoint | undefined {
  if (text === undefined) return undefined
  try {
    return foreignPointSchema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
