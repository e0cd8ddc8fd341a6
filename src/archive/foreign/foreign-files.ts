import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { z } from 'zod'
import { systemPath } from '../../disk/name-codec.ts'
import { AppError } from '../../kit/app-error.ts'
import { fileBytes } from '../archive-source.ts'
import { toRecord } from '../entry-record.ts'
import type { Member } from '../format.ts'
import { openContainer } from './open-container.ts'

/** One file (or folder) that a foreign restore point lies in, as it was when it was looked at. */
export const foreignFileSchema = z.object({
  path: z.string(),
  /** Where its members lie in the application; absent for a file that holds none. */
  at: z.string().optional(),
  /** Of a folder: of all contents. */
  sizeBytes: z.int().nonnegative(),
  /** Nanoseconds since 1970; a folder's own time says nothing of what is in it. */
  mtimeNs: z.string().regex(/^-?\d+$/),
  /** Of a folder: of a list of all that is in it, with contents. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
export type ForeignFile = z.infer<typeof foreignFileSchema>

/** What a file or folder is now. @throws AppError `vault.missing`, `storage.denied`, `archive.damaged` where it changes meanwhile. */
export async function fingerprint(path: string, at: string | undefined, signal: AbortSignal): Promise<ForeignFile> {
  const before = await statOf(path)
  const found = before.isDirectory() ? await folderHash(path, signal) : { sizeBytes: Number(before.size), sha256: await fileHash(path, Number(before.size), signal) }
  const after = await statOf(path)
  if (after.mtimeNs !== before.mtimeNs || after.size !== before.size) throw changed(path)
  return { path, ...(at === undefined ? {} : { at }), ...found, mtimeNs: String(before.mtimeNs) }
}

/**
 * Refuses a file that is not what it was: by size and time (`quick`), or by all its bytes (`full`).
 * @throws AppError `archive.damaged`, `vault.missing`.
 */
export async function requireUnchanged(file: ForeignFile, depth: 'quick' | 'full', signal: AbortSignal): Promise<void> {
  const stats = await statOf(file.path)
  if (!stats.isDirectory() && Number(stats.size) !== file.sizeBytes) throw changed(file.path)
  if (depth === 'quick') {
    // A copy may have another time and the same bytes; those are compared before anything is restored.
    return
  }
  const now = await fingerprint(file.path, file.at, signal)
  if (now.sha256 !== file.sha256) throw changed(file.path)
}

function changed(path: string): AppError {
  return new AppError('archive.damaged', `${path} is not what it was when it was imported`, { hint: 'If it was changed on purpose, import it again ("holdfast import").' })
}

async function statOf(path: string): Promise<{ size: bigint; mtimeNs: bigint; isDirectory(): boolean }> {
  return await stat(systemPath(path), { bigint: true }).catch((cause: unknown) => {
    throw new AppError('vault.missing', `${path} is not there`, { hint: 'Mount the disk that it lies on, or import the archive from where it is now.', cause })
  })
}

async function fileHash(path: string, sizeBytes: number, signal: AbortSignal): Promise<string> {
  const sha = createHash('sha256')
  for await (const bytes of fileBytes(path, 0, sizeBytes, signal)) sha.update(bytes)
  return sha.digest('hex')
}

async function folderHash(path: string, signal: AbortSignal): Promise<{ sizeBytes: number; sha256: string }> {
  const sha = createHash('sha256')
  let sizeBytes = 0
  const container = await openContainer(path, {})
  if (container === undefined) throw changed(path)
  for await (const member of container.members(signal)) {
    const content = await contentHash(member, signal)
    sizeBytes += content?.sizeBytes ?? 0
    sha.update(`${JSON.stringify(toRecord(member, content))}\n`)
  }
  return { sizeBytes, sha256: sha.digest('hex') }
}

async function contentHash(member: Member, signal: AbortSignal): Promise<{ sizeBytes: number; sha256: string } | undefined> {
  if (member.open === undefined) return undefined
  const sha = createHash('sha256')
  let sizeBytes = 0
  for await (const bytes of member.open(signal)) {
    sha.update(bytes)
    sizeBytes += bytes.length
  }
  return { sizeBytes, sha256: sha.digest('hex') }
}
