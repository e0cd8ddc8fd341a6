import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import type { Stats } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, systemCode } from '../../kit/app-error.ts'
import { openContentFile } from '../../disk/content-file.ts'
import { writeDurably } from '../../disk/durable.ts'
import { systemPath } from '../../disk/name-codec.ts'
import type { Entry } from '../../model/entry.ts'
import { breather } from '../breathe.ts'
import { damaged } from '../damaged.ts'
import { fromRecord, parseRecord } from '../entry-record.ts'
import type { PointSource } from '../point-source.ts'
import { textLines } from '../text-lines.ts'
import { manifestName, parseManifest, recordsName, trailerFolder, trailerPart } from '../trailer.ts'

// Larger pieces are freed later: 9 GB in pieces of a MiB took a tenth more memory, and more time.
const readBytes = 64 * 1024
/** Beside the manifest, in sha256sum's form: nothing else in a plain folder tells that the manifest is as it was written. */
const sealName = 'manifest.sha256'

/**
 * A restore point that is a plain folder. What its records name is read; what else lies there is none of it.
 * The metadata are the records': an ordinary user's folder cannot keep owners.
 */
export function folderSource(path: string): PointSource {
  return { format: 'folder', randomAccess: true, read: ({ signal, wanted }) => readFolder(path, signal, wanted ?? (() => true)) }
}

/** The id of the restore point that a folder is; undefined where it is none. @throws AppError `storage.denied`, `archive.damaged`. */
export async function folderPointId(path: string): Promise<string | undefined> {
  const ids: string[] = []
  let unreadable: unknown
  for (const name of await readdir(systemPath(path)).catch(() => [])) {
    const part = trailerPart(`${name}/${manifestName}`)
    if (part === undefined) continue
    const text = await readFile(systemPath(join(path, name, manifestName)), 'utf8').catch((error: unknown) => {
      // Without a manifest it was never finished.
      if (systemCode(error) === 'ENOENT') return undefined
      throw new AppError('storage.denied', `${path} may not be read`, { cause: error })
    })
    if (text === undefined) continue
    try {
      if (parseManifest(text).points[0]?.id !== part.id) continue
      await checkSeal(join(path, name), text)
      ids.push(part.id)
    } catch (error) {
      // It may be a file of the application that only looks like ours.
      unreadable = error
    }
  }
  if (ids.length === 0 && unreadable !== undefined) throw unreadable
  // The application itself may hold older ones, which a restore by hand has left: those are in the records of the newest.
  for (const id of ids) if (ids.length === 1 || (await lists(path, id, ids))) return id
  return undefined
}

/** Puts the seal on a manifest that was written. @throws AppError as writeDurably. */
export async function sealManifest(path: string, id: string): Promise<void> {
  const folder = join(path, trailerFolder(id))
  writeDurably(join(folder, sealName), sealOf(await readFile(systemPath(join(folder, manifestName)), 'utf8')), { mode: 0o600 })
}

async function checkSeal(folder: string, manifest: string): Promise<void> {
  const seal = await readFile(systemPath(join(folder, sealName)), 'utf8').catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return undefined
    throw new AppError('storage.denied', `${folder} may not be read`, { cause: error })
  })
  // An archive that was unpacked by hand has none.
  if (seal !== undefined && seal !== sealOf(manifest)) throw damaged('its manifest is not as it was written')
}

function sealOf(manifest: string): string {
  return `${createHash('sha256').update(manifest).digest('hex')}  ${manifestName}\n`
}

async function lists(path: string, id: string, ids: readonly string[]): Promise<boolean> {
  const others = new Set(ids.filter((other) => other !== id).map((other) => `${trailerFolder(other)}/${manifestName}`))
  for await (const line of textLines(content(path, `${trailerFolder(id)}/${recordsName}`, new AbortController().signal))) {
    if (line.includes(manifestName)) others.delete(parseRecord(line).path)
  }
  return others.size === 0
}

async function* readFolder(path: string, signal: AbortSignal, wanted: (path: string) => boolean): AsyncGenerator<Entry, void, undefined> {
  const id = await folderPointId(path)
  if (id === undefined) throw new AppError('archive.foreign', `${path} is no restore point of Holdfast`)
  const own = trailerFolder(id)
  const recordsPath = `${own}/${recordsName}`
  for await (const line of textLines(content(path, recordsPath, signal))) {
    signal.throwIfAborted()
    const entry = fromRecord(parseRecord(line))
    if (!wanted(entry.path)) continue
    if (entry.kind === 'file' || entry.kind === 'dir' || entry.kind === 'symlink') checkThere(path, entry)
    yield entry.kind === 'file' && entry.hardlinkTo === undefined ? { ...entry, open: (reading) => content(path, entry.path, reading) } : entry
  }
  for (const name of [recordsPath, `${own}/${manifestName}`]) {
    if (wanted(name)) yield { path: name, kind: 'file', mode: 0o600, mtimeNs: 0n, open: (reading) => content(path, name, reading) }
  }
}

/** Also where no content is read: what is missing, of another kind or size is found by a look. */
function checkThere(root: string, { path, kind, size, hardlinkTo }: Entry): void {
  requireInside(path)
  const stat = lookAt(root, path)
  if (stat === 'denied') return
  if (stat === undefined) throw damaged(`${path} is missing`)
  if (kind === 'file' && (!stat.isFile() || (hardlinkTo === undefined && size !== undefined && stat.size !== size))) throw damaged(`${path} is not the file that its record tells of`)
  if (kind === 'dir' && !stat.isDirectory()) throw damaged(`${path} is no folder`)
  if (kind === 'symlink' && !stat.isSymbolicLink()) throw damaged(`${path} is no link`)
}

/** What one may not look at is told by whoever reads it. */
function lookAt(root: string, path: string): Stats | 'denied' | undefined {
  try {
    return lstatSync(systemPath(join(root, path)), { throwIfNoEntry: false })
  } catch (error) {
    if (systemCode(error) === 'EACCES' || systemCode(error) === 'EPERM') return 'denied'
    throw damaged(`${path} cannot be looked at`, error)
  }
}

function requireInside(path: string): void {
  if (path.split('/').some((part) => part === '..' || part === '')) throw damaged(`${path} leads out of the folder`)
}

async function* content(root: string, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  requireInside(path)
  using file = openOrDamaged(root, path)
  const breath = breather()
  for (let at = 0; ; ) {
    const pause = breath()
    if (pause !== undefined) await pause
    signal.throwIfAborted()
    const bytes = Buffer.allocUnsafeSlow(Math.min(readBytes, Math.max(file.size - at, 1)))
    const count = file.readSync(bytes, at)
    if (count === 0) return
    at += count
    yield bytes.subarray(0, count)
  }
}

function openOrDamaged(root: string, path: string): ReturnType<typeof openContentFile> {
  try {
    return openContentFile(join(root, path), {})
  } catch (error) {
    const cause = error instanceof AppError ? error.cause : undefined
    const code = systemCode(cause)
    if (code === undefined || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') throw damaged(`${path} is missing or no plain file`, error)
    throw error
  }
}
