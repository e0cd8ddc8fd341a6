import { open, stat } from 'node:fs/promises'
import { systemPath } from '../../disk/name-codec.ts'
import { readContent } from '../../disk/read-content.ts'
import { walk } from '../../disk/walk.ts'
import { AppError } from '../../kit/app-error.ts'
import type { Secret } from '../../kit/secret.ts'
import { fileBytes } from '../archive-source.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveBytes, Member } from '../format.ts'
import { readTar } from '../tar/read-tar.ts'
import { decodeHeader } from '../tar/tar-header.ts'
import { ArchiveWindow } from '../zip/archive-window.ts'
import { readZip } from '../zip/read-zip.ts'
import { directoryRecords } from '../zip/zip-directory.ts'
import { decryptGpg, isGpg } from './decrypt-gpg.ts'
import type { Packing } from './foreign-kind.ts'
import { nestedMembers } from './nested-members.ts'

/** One file or folder of another program, told by its first bytes. */
export type Container = {
  readonly path: string
  readonly packing: Packing
  readonly encrypted: boolean
  /**
   * Members in stored order; what the packing can check is checked when they are read to the end with their contents.
   * Paths are without `./` and `/` before. @throws AppError `archive.damaged`, `archive.password`, `archive.encryption`.
   */
  members(signal: AbortSignal): AsyncIterable<Member>
}

export type ContainerOptions = { readonly password?: Secret; readonly tempFolder?: string }

/** Undefined for what is neither a folder nor packed in a way that is known. @throws AppError `vault.missing`, `storage.denied`. */
export async function openContainer(path: string, options: ContainerOptions): Promise<Container | undefined> {
  const stats = await stat(systemPath(path)).catch((cause: unknown) => {
    throw new AppError('vault.missing', `${path} is not there`, { hint: 'Check the path of the archive.', cause })
  })
  if (stats.isDirectory()) return { path, packing: 'folder', encrypted: false, members: (signal) => folderMembers(path, signal) }
  if (!stats.isFile()) return undefined
  const first = await firstBytes(path)
  const packing = packingOf(first)
  if (packing === undefined) return undefined
  const plain: ArchiveBytes = {
    sizeBytes: stats.size,
    stream: (signal) => fileBytes(path, 0, stats.size, signal),
    range: (start, end, signal) => fileBytes(path, start, end, signal),
    localPath: path,
  }
  const { password, tempFolder } = options
  switch (packing) {
    // Bit 0 of the flags of the first local header (APPNOTE 4.4.4).
    case 'zip': return { path, packing, encrypted: ((first[6] ?? 0) & 1) === 1, members: (signal) => relative(zipMembers(plain, password, signal)) }
    case 'tar': return { path, packing, encrypted: false, members: (signal) => relative(nestedMembers(plain, signal)) }
    case 'tar.gz': case 'tar.zst': return { path, packing, encrypted: false, members: (signal) => relative(readTar(plain, { signal })) }
    case 'gpg': return { path, packing, encrypted: true, members: (signal) => relative(readTar(decrypted(plain, password, tempFolder), { signal })) }
  }
}

function packingOf(start: Uint8Array): Exclude<Packing, 'folder'> | undefined {
  const hex = Buffer.from(start.subarray(0, 4)).toString('hex')
  // Local header, or the end record of an empty zip.
  if (hex === '504b0304' || hex === '504b0506') return 'zip'
  if (hex.startsWith('1f8b')) return 'tar.gz'
  if (hex === '28b52ffd') return 'tar.zst'
  if (isGpg(start)) return 'gpg'
  return start.length === 512 && decodeHeader(start) !== undefined ? 'tar' : undefined
}

async function firstBytes(path: string): Promise<Uint8Array> {
  await using file = await open(systemPath(path), 'r').catch((cause: unknown) => {
    throw new AppError('storage.denied', `${path} may not be read`, { hint: 'Run as a user that may read it.', cause })
  })
  const bytes = new Uint8Array(512)
  const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
  return bytes.subarray(0, bytesRead)
}

function decrypted(plain: ArchiveBytes, password: Secret | undefined, tempFolder: string | undefined): ArchiveBytes {
  return {
    sizeBytes: plain.sizeBytes,
    stream: (signal) => decryptGpg((reading) => plain.stream(reading), password, tempFolder, signal),
    range: () => { throw new AppError('internal', 'An encrypted stream has no random access') },
  }
}

async function* relative(members: AsyncIterable<Member>): AsyncGenerator<Member, void, undefined> {
  for await (const member of members) {
    const { path, hardlinkTo } = member
    if (!/^[./]/.test(path) && hardlinkTo === undefined) yield member
    else yield { ...member, path: bare(path), ...(hardlinkTo === undefined ? {} : { hardlinkTo: bare(hardlinkTo) }) }
  }
}

function bare(path: string): string {
  const clean = path.replace(/^(?:\.?\/+)+/, '')
  return clean === '' ? '.' : clean
}

async function* zipMembers(bytes: ArchiveBytes, password: Secret | undefined, signal: AbortSignal): AsyncGenerator<Member, void, undefined> {
  const backslashes = await dividesByBackslashes(bytes, signal)
  for await (const member of readZip(bytes, { signal, ...(password === undefined ? {} : { password }) })) {
    const path = backslashes ? member.path.replaceAll('\\', '/') : member.path
    // PHP's ZipArchive writes modes that let everybody write; unpacking programs take that away by the umask.
    yield { ...member, path, mode: member.mode & 0o7755 }
  }
}

/** PHP on Windows writes its own dividers, against the format (APPNOTE 4.4.17.1). Then no name has a slash. */
async function dividesByBackslashes(bytes: ArchiveBytes, signal: AbortSignal): Promise<boolean> {
  using window = new ArchiveWindow(bytes, signal)
  let found = false
  for await (const { path } of directoryRecords(window)) {
    if (path.includes('/')) return false
    found ||= path.includes('\\')
  }
  return found
}

async function* folderMembers(root: string, signal: AbortSignal): AsyncGenerator<Member, void, undefined> {
  const onProblem = ({ path, code, message }: { path: string; code: string; message: string }): void => {
    if (code !== 'metadata') throw damaged(`${path} in the folder ${root}: ${message}`)
  }
  for await (const entry of walk(root, { select: () => 'take', oneFileSystem: false, cacheDirTag: false, signal, onProblem })) {
    const { onDisk, ...rest } = entry
    yield onDisk === undefined || entry.kind !== 'file' || entry.hardlinkTo !== undefined ? rest : { ...rest, open: (reading) => wholeContent(entry, reading) }
  }
}

async function* wholeContent(entry: Member, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const content = readContent(entry, signal)
  for (;;) {
    const { value, done } = await content.next()
    if (done !== true) yield value
    else if (value === 'changed') throw damaged(`${entry.path} changed while it was read`)
    else return
  }
}
