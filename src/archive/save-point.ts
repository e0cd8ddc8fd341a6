import { createHash } from 'node:crypto'
import { linkSync } from 'node:fs'
import { join } from 'node:path'
import { systemPath } from '../disk/name-codec.ts'
import { AppError, messageOf, systemCode } from '../kit/app-error.ts'
import { newId } from '../kit/new-id.ts'
import type { Entry } from '../model/entry.ts'
import type { Manifest, Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { BodyChunk, Storage } from '../model/storage.ts'
import type { About } from '../model/vault.ts'
import { copyFolderPoint, folderKeyFree, removeFolderPoint, saveFolderPoint } from './folder/save-folder.ts'
import type { ArchiveFormat } from './format.ts'
import { formats } from './formats.ts'
import { pointAt, snapshotOf } from './list-points.ts'
import { freeKey } from './point-key.ts'
import { PointTrailer } from './point-trailer.ts'
import type { NewPoint } from './point-trailer.ts'
import { RecordWriter } from './record-writer.ts'
import { guideName, restoreGuide } from './restore-guide.ts'
import { putText, readSmall, removeSidecars, writeSidecars } from './sidecar.ts'
import { besideKey } from './vault-context.ts'
import type { ArchiveVaultSettings } from './vault-context.ts'

type Written = { readonly sizeBytes: number; readonly sha256?: string; readonly trailerAt?: number; readonly manifest: Manifest }
/** A key that is taken, and whether the rolling point of this application and scope has it, which the new one replaces. */
type ChosenPoint = NewPoint & { readonly replace: boolean; readonly takesOver: boolean }

/** See VaultWriter.save. @throws AppError `archive.encryption`, `config.invalid`, as Storage.put, what the entries throw, `interrupted`. */
export async function savePoint(vault: ArchiveVaultSettings, entries: AsyncIterable<Entry>, about: About, run: Run, allRead: () => void | Promise<void>): Promise<Snapshot[]> {
  requireFitting(vault)
  try {
    const points = await choosePoints(vault, about, run)
    using records = new RecordWriter(vault.tempFolder)
    const trailer = new PointTrailer(about, run, records, points, allRead)
    const [first, ...copies] = points
    const written = vault.format === 'folder' ? await writeFolderPoint(vault, first, entries, trailer, run) : await writeArchive(vault, formats[vault.format], first, entries, trailer, run)
    const settled = (point: ChosenPoint, index: number): ChosenPoint => ({ ...point, key: written.manifest.points[index]?.key ?? point.key })
    const source = settled(first, 0)
    const snapshots = [await describe(vault, source, written, run)]
    for (const [index, point] of copies.entries()) {
      const copy = await copyPoint(vault, source, settled(point, index + 1), written, run)
      if (copy !== undefined) snapshots.push(copy)
    }
    const hasSlots = written.manifest.points.every(({ key }, index) => key === points[index]?.key)
    if (written.manifest.complete && hasSlots) await removeStandIns(vault, points, about, run)
    return snapshots
  } catch (error) {
    if (run.signal.aborted && !(error instanceof AppError)) throw new AppError('interrupted', 'Writing the restore point was interrupted; nothing of it was kept', { cause: error })
    throw error
  }
}

function requireFitting(vault: ArchiveVaultSettings): void {
  if (vault.password !== undefined && (vault.format === 'folder' || !formats[vault.format].encrypts)) {
    throw new AppError('archive.encryption', `${vault.format} has no encryption, but a password is set`, { hint: 'Use the format zip, or take the password away.' })
  }
  if (vault.format === 'folder' && vault.storage.root === undefined) {
    throw new AppError('config.invalid', 'Plain folders can only be kept in a local folder', { hint: 'Use zip, tar.gz or tar.zst for this place.' })
  }
}

async function choosePoints(vault: ArchiveVaultSettings, about: About, run: Run): Promise<[ChosenPoint, ...ChosenPoint[]]> {
  const chosen: ChosenPoint[] = []
  for (const { slot, name, takesOver: mayTakeOver = false } of about.points) {
    let replace = false
    let takesOver = false
    const isFree = async (key: string): Promise<boolean> => {
      replace = false
      takesOver = false
      if (chosen.some((other) => other.key === key)) return false
      if (await isKeyFree(vault, key, run)) return true
      replace = slot === 'rolling' && (await isRollingOf(vault, key, about, run))
      takesOver = !replace && slot === 'rolling' && mayTakeOver && (await isForeignFile(vault, key, run))
      return replace || takesOver
    }
    const key = await freeKey(name, vault.format === 'folder' ? '' : formats[vault.format].extension, isFree)
    const incompleteKey = replace && (await isComplete(vault, key, run)) ? await standInKey(vault, name, about, run) : undefined
    chosen.push({ id: newId(), slot, key, replace: replace || takesOver, takesOver, ...(incompleteKey === undefined ? {} : { incompleteKey }) })
  }
  const [first, ...rest] = chosen
  if (first === undefined) throw new AppError('internal', 'A restore point without a name was asked for')
  return [first, ...rest]
}

async function isKeyFree(vault: ArchiveVaultSettings, key: string, run: Run): Promise<boolean> {
  for await (const item of vault.storage.list(key, run.signal, () => undefined)) if (item.key === key) return false
  return vault.storage.root === undefined || folderKeyFree(vault.storage.root, key)
}

const standInEnding = '_incomplete'

/** Where a rolling point goes that must not displace the complete one in the slot; the next such one replaces it. */
async function standInKey(vault: ArchiveVaultSettings, name: string, about: About, run: Run): Promise<string> {
  const extension = vault.format === 'folder' ? '' : formats[vault.format].extension
  return freeKey(`${name}${standInEnding}`, extension, async (key) => (await isKeyFree(vault, key, run)) || (await isRollingOf(vault, key, about, run)))
}

async function isComplete(vault: ArchiveVaultSettings, key: string, run: Run): Promise<boolean> {
  return (await pointAt(vault, key, run))?.complete === true
}

/** A complete point in the slot makes the incomplete one beside it needless. */
async function removeStandIns(vault: ArchiveVaultSettings, points: readonly ChosenPoint[], about: About, run: Run): Promise<void> {
  for (const { slot, key } of points) {
    if (slot !== 'rolling') continue
    const extension = vault.format === 'folder' ? '' : formats[vault.format].extension
    const standIn = `${key.slice(0, key.length - extension.length)}${standInEnding}${extension}`
    if ((await isKeyFree(vault, standIn, run)) || !(await isRollingOf(vault, standIn, about, run))) continue
    if (vault.format === 'folder') await removeFolderPoint(rootOf(vault), standIn)
    else await vault.storage.remove(standIn, run.signal)
    await removeSidecars(vault.storage, standIn, run.signal)
  }
}

/** Only what is surely the rolling point of this application and scope may be replaced, and none that is spared. */
async function isRollingOf(vault: ArchiveVaultSettings, key: string, about: About, run: Run): Promise<boolean> {
  try {
    const there = await pointAt(vault, key, run)
    return there?.slot === 'rolling' && there.app === about.app && there.scope === about.scope && about.spares?.(there) !== true
  } catch (error) {
    if (run.signal.aborted || !(error instanceof AppError)) throw error
    return false
  }
}

/** A plain file of this machine that is surely no restore point of ours. */
async function isForeignFile(vault: ArchiveVaultSettings, key: string, run: Run): Promise<boolean> {
  if (vault.storage.root === undefined || vault.format === 'folder') return false
  try {
    await pointAt(vault, key, run)
    return false
  } catch (error) {
    if (run.signal.aborted || !(error instanceof AppError)) throw error
    return error.code === 'archive.foreign'
  }
}

/** Gives what has the name a second one, at the last moment: nothing of it is ever lost. */
function keepForeign(vault: ArchiveVaultSettings, key: string): void {
  const file = join(rootOf(vault), key)
  for (let number = 1; number <= 1000; number++) {
    try {
      linkSync(systemPath(file), systemPath(`${file}.before-holdfast${number === 1 ? '' : `-${number}`}`))
      return
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return
      if (systemCode(error) !== 'EEXIST') throw new AppError('storage.exists', `${key} is there already, is no restore point of Holdfast, and cannot be kept under another name: ${messageOf(error)}`, { hint: 'Move that file away.', cause: error })
    }
  }
  throw new AppError('storage.exists', `${key} is there already, is no restore point of Holdfast, and 1000 names to keep it under are taken`, { hint: 'Move that file away.' })
}

async function writeArchive(vault: ArchiveVaultSettings, format: ArchiveFormat, point: ChosenPoint, entries: AsyncIterable<Entry>, trailer: PointTrailer, run: Run): Promise<Written> {
  let trailerAt: number | undefined
  const body = format.write(counted(entries, trailer), {
    signal: run.signal,
    onMember: (member) => trailer.onMember(member),
    trailer: () => trailer.members(),
    onTrailer: (at) => { trailerAt = at },
    ...(vault.password === undefined ? {} : { password: vault.password }),
  })
  const settledKey = (): string => trailer.manifest?.points[0]?.key ?? point.key
  const tally = new Tally()
  const { sizeBytes } = await vault.storage.put(point.key, tally.through(body, async () => {
    // From here on the old sidecar would tell of another archive.
    if (point.replace) await removeSidecars(vault.storage, settledKey(), run.signal)
  }), { replace: point.replace, signal: run.signal, settle: () => {
    if (point.takesOver) keepForeign(vault, point.key)
    return { key: settledKey(), replace: point.replace }
  } })
  const { manifest } = trailer
  if (manifest === undefined) throw new AppError('internal', 'An archive was written without its records')
  return { sizeBytes, manifest, ...(trailerAt === undefined ? {} : { trailerAt }), sha256: tally.sha256() ?? (await hashStored(vault.storage, manifest.points[0]?.key ?? point.key, run.signal)) }
}

async function writeFolderPoint(vault: ArchiveVaultSettings, point: ChosenPoint, entries: AsyncIterable<Entry>, trailer: PointTrailer, run: Run): Promise<Written> {
  await saveFolderPoint(rootOf(vault), point.key, counted(entries, trailer), {
    id: point.id,
    signal: run.signal,
    replace: point.replace,
    settle: () => trailer.manifest?.points[0]?.key ?? point.key,
    onMember: (member) => trailer.onMember(member),
    trailer: () => trailer.members(),
    onProblem: (problem) => run.emit({ type: 'run.note', code: `folder.${problem.code}`, message: problem.message, path: problem.path }),
  })
  const { manifest } = trailer
  if (manifest === undefined) throw new AppError('internal', 'A folder was written without its records')
  return { sizeBytes: manifest.contentBytes, manifest }
}

/** A second point is the first's bytes: the source is read once. Its failure leaves the first as it is. */
async function copyPoint(vault: ArchiveVaultSettings, first: ChosenPoint, point: ChosenPoint, written: Written, run: Run): Promise<Snapshot | undefined> {
  try {
    if (vault.format === 'folder') await copyFolderPoint(rootOf(vault), first.key, point.key, { id: first.id, signal: run.signal, replace: point.replace })
    else {
      const copied = async function* (): AsyncGenerator<BodyChunk, void, undefined> {
        yield* vault.storage.get(first.key, undefined, run.signal)
        if (point.replace) await removeSidecars(vault.storage, point.key, run.signal)
      }
      await vault.storage.put(point.key, copied(), { replace: point.replace, signal: run.signal, settle: () => {
        if (point.takesOver) keepForeign(vault, point.key)
        return { key: point.key, replace: point.replace }
      } })
    }
    return await describe(vault, point, written, run)
  } catch (error) {
    if (run.signal.aborted || !(error instanceof AppError)) throw error
    run.emit({ type: 'run.warning', code: error.code, message: `${point.key} could not be written: ${messageOf(error)}`, path: point.key })
    return undefined
  }
}

async function describe(vault: ArchiveVaultSettings, point: NewPoint, written: Written, run: Run): Promise<Snapshot> {
  const made = snapshotOf(written.manifest, { key: point.key, sizeBytes: written.sizeBytes, encrypted: vault.password !== undefined, format: vault.format })
  // The names of two points may end alike.
  const snapshot: Snapshot = { ...made, id: point.id, slot: point.slot, ...(written.trailerAt === undefined ? {} : { trailerAt: written.trailerAt }), ...(written.sha256 === undefined ? {} : { sha256: written.sha256 }) }
  await writeSidecars(vault.storage, snapshot, run)
  await writeGuide(vault.storage, snapshot, written.manifest, run)
  return snapshot
}

async function writeGuide(storage: Storage, snapshot: Snapshot, manifest: Manifest, run: Run): Promise<void> {
  const key = besideKey(snapshot.key, guideName)
  try {
    const before = await readSmall(storage, key, run.signal)
    const text = restoreGuide(snapshot, manifest.databases, before, manifest.volumes)
    if (text !== before) await putText(storage, key, text, run.signal)
  } catch (error) {
    if (run.signal.aborted) throw error
    run.emit({ type: 'run.note', code: 'archive.guide', message: `${key} could not be written: ${messageOf(error)}`, path: key })
  }
}

/** Tells progress within long streams; files are told when they are done. */
async function* counted(entries: AsyncIterable<Entry>, trailer: PointTrailer): AsyncGenerator<Entry, void, undefined> {
  for await (const entry of entries) {
    const open = entry.open?.bind(entry)
    if (open === undefined) yield entry
    else yield { ...entry, open: (signal) => countedContent(open(signal), entry.path, trailer) }
  }
}

async function* countedContent(content: AsyncIterable<Uint8Array>, path: string, trailer: PointTrailer): AsyncGenerator<Uint8Array, void, undefined> {
  let sizeBytes = 0
  for await (const bytes of content) {
    sizeBytes += bytes.length
    trailer.progress(sizeBytes, path)
    yield bytes
  }
}

/** The hash of a body as it passes; a patch makes it void, as bytes before have changed. */
class Tally {
  readonly #sha = createHash('sha256')
  #patched = false

  async *through(body: AsyncIterable<BodyChunk>, atEnd: () => Promise<void>): AsyncGenerator<BodyChunk, void, undefined> {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) this.#patched = true
      else if (!this.#patched) this.#sha.update(chunk)
      yield chunk
    }
    await atEnd()
  }

  sha256(): string | undefined {
    return this.#patched ? undefined : this.#sha.digest('hex')
  }
}

/** The hash of what is stored. */
export async function hashStored(storage: Storage, key: string, signal: AbortSignal): Promise<string> {
  const sha = createHash('sha256')
  for await (const bytes of storage.get(key, undefined, signal)) sha.update(bytes)
  return sha.digest('hex')
}

function rootOf(vault: ArchiveVaultSettings): string {
  if (vault.storage.root === undefined) throw new AppError('internal', 'A plain folder needs a local place')
  return vault.storage.root
}
