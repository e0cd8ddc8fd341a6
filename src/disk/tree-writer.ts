import { hash } from 'node:crypto'
import { closeSync, constants, fsyncSync, ftruncateSync, mkdirSync, openSync, readSync, write as writeCallback, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { promisify } from 'node:util'
import { AppError, systemCode } from '../kit/app-error.ts'
import type { EntryWriter, WriteProblem } from '../model/entry-writer.ts'
import type { Entry } from '../model/entry.ts'
import { readAccounts } from './accounts.ts'
import { syncFolder } from './durable.ts'
import { applyMetadata, isPlainMetadata, ownerOf } from './entry-metadata.ts'
import type { MetadataPolicy, Ownership } from './entry-metadata.ts'
import { largestContent } from './file-batch.ts'
import type { FileTrouble } from './file-batch.ts'
import { FileFinisher } from './file-finisher.ts'
import { FolderRecords } from './folder-records.ts'
import { missingLibc, openLibc } from './libc.ts'
import { systemPath } from './name-codec.ts'
import { OpenFolders } from './open-folders.ts'
import type { OpenFolder } from './open-folders.ts'
import { sparsePieces } from './sparse-pieces.ts'
import type { Piece } from './sparse-pieces.ts'
import { syncFileSystems } from './sync-file-systems.ts'
import { TreeNames } from './tree-names.ts'
import { writeFailure } from './write-failure.ts'
import { WriteProblems } from './write-problems.ts'

export type { Ownership } from './entry-metadata.ts'

export type TreeWriterOptions = {
  /** True for our own verified restore points: setuid bits, devices and `security.` and `trusted.` attributes are restored. */
  readonly trusted: boolean
  readonly ownership: Ownership
  readonly signal: AbortSignal
}

type OpenFile = { readonly fd: number; at: number; readonly pieces: ((chunk: Uint8Array, at: number) => Piece[]) | undefined }

const writeAsync = promisify(writeCallback)
// Smaller ones are written in less time than a thread of the pool takes to answer.
const maxSyncBytes = 131_072

/**
 * Opens a folder for writing entries below it; it is made where it is missing, with its parents.
 * @throws AppError `storage.denied`, `storage.full`, `restore.failed`.
 */
export async function openTreeWriter(root: string, options: TreeWriterOptions): Promise<TreeWriter> {
  const path = resolve(root)
  try {
    const firstMade = mkdirSync(systemPath(path), { recursive: true, mode: 0o700 })
    return new TreeWriter(path, openSync(systemPath(path), constants.O_RDONLY | constants.O_DIRECTORY), firstMade, options)
  } catch (error) {
    throw writeFailure(error, path)
  }
}

/**
 * Writes entries below one folder. Every part of a path is opened within its parent and never through a link, so nothing
 * is written outside, whatever names say and whoever swaps folders meanwhile. An entry that comes twice replaces the
 * earlier one, as in tar; existing files are replaced, never written into; existing folders are kept with their contents.
 * Several `write` calls may run at once; a hardlink must come after its target was begun.
 */
export class TreeWriter implements EntryWriter, AsyncDisposable {
  readonly #path: string
  readonly #firstMade: string | undefined
  readonly #signal: AbortSignal
  readonly #policy: MetadataPolicy
  readonly #folders: OpenFolders
  readonly #names: TreeNames
  readonly #records = new FolderRecords()
  readonly #problems = new WriteProblems()
  /** Undefined without the C library: then each file is made durable by itself. */
  readonly #finisher: FileFinisher<Entry> | undefined
  #isOpen = true

  /** Use `openTreeWriter`. Takes over `rootFd`. */
  constructor(path: string, rootFd: number, firstMade: string | undefined, options: TreeWriterOptions) {
    const libc = openLibc()
    this.#path = path
    this.#firstMade = firstMade
    this.#signal = options.signal
    this.#policy = { trusted: options.trusted, ownership: options.ownership, accounts: readAccounts(), libc, problems: this.#problems }
    this.#folders = new OpenFolders(rootFd, firstMade !== undefined, libc, (made, folder) => this.#record(made, folder, undefined))
    this.#names = new TreeNames(this.#folders, libc)
    this.#finisher = libc === undefined ? undefined : new FileFinisher(libc, (entry, fd, trouble) => this.#told(entry, fd, trouble))
    if (libc === undefined) this.#problems.add('.', 'metadata', `Extended attributes, ACLs, devices and exact times are not kept: ${missingLibc() ?? ''}`)
  }

  /**
   * @throws AppError `archive.unsafe` (leaves the folder, passes a link, links to what was not written), `archive.too-large` and
   *   `archive.damaged` (content and size differ), `storage.full`, `storage.denied`, `restore.failed`, `interrupted`; and
   *   whatever `content` throws. Nothing of the entry stays then.
   */
  async write(entry: Entry, content?: AsyncIterable<Uint8Array>): Promise<void> {
    if (entry.kind !== 'file' || entry.hardlinkTo !== undefined) return this.#guarded(entry, () => this.#withoutContent(entry))
    const file = this.#guarded(entry, () => this.#create(entry))
    try {
      if (content !== undefined) for await (const chunk of content) await this.#append(entry, file, chunk)
      this.#guarded(entry, () => this.#complete(entry, file))
    } catch (error) {
      this.#names.abandonFile(entry.path, file.fd)
      throw error
    }
    this.#guarded(entry, () => closeSync(file.fd))
  }

  /**
   * As `write` for content that is at hand: synchronous, for many small files. With `sha256` (hex) the content is compared with
   * it, and another thread may finish the file: by then `finish` returns all is done, or what failed was thrown by a later call.
   */
  writeSmall(entry: Entry, content: Uint8Array, sha256?: string): void {
    if (entry.kind !== 'file' || entry.hardlinkTo !== undefined) return this.#guarded(entry, () => this.#withoutContent(entry))
    if (sha256 !== undefined && this.#finisher !== undefined && content.length === entry.size && content.length <= largestContent && entry.data === undefined && isPlainMetadata(entry) && this.#finisher.hasRoom()) {
      const { fd } = this.#guarded(entry, () => this.#create(entry))
      this.#finisher.add(entry, { fd, ...ownerOf(entry, this.#policy), mode: entry.mode, mtimeNs: entry.mtimeNs, sha256: Buffer.from(sha256, 'hex') }, content)
      return
    }
    if (sha256 !== undefined && hash('sha256', content) !== sha256) throw otherContent(entry)
    const file = this.#guarded(entry, () => this.#create(entry))
    try {
      this.#guarded(entry, () => {
        for (const piece of this.#advance(entry, file, content)) writeAll(file.fd, piece)
        this.#complete(entry, file)
      })
    } catch (error) {
      this.#names.abandonFile(entry.path, file.fd)
      throw error
    }
    this.#guarded(entry, () => closeSync(file.fd))
  }

  /**
   * Sets the folders' metadata, the deepest first, makes all durable and gives what could not be kept.
   * @throws AppError `archive.unsafe` where a folder was replaced by something else while it was written; `storage.full`,
   *   `storage.denied`, `restore.failed` where the system says so only now; `interrupted`.
   */
  async finish(signal: AbortSignal): Promise<readonly WriteProblem[]> {
    let replaced: string | undefined
    try {
      await this.#finisher?.finish()
      // Opened anew: what lies there now must be what was written.
      this.#folders.closeAll()
      for (const record of this.#records.deepestFirst()) {
        throwIfAborted(signal, this.#path)
        if (this.#names.removals(record.path) !== record.removals) continue
        const folder = this.#names.present(record.path)
        if (folder === undefined || folder.ino !== record.ino || folder.dev !== record.dev) replaced ??= record.path
        else if (record.metadata !== undefined) applyMetadata(folder.fd, record.metadata, this.#policy)
      }
      await this.#makeDurable()
    } catch (error) {
      throw writeFailure(error, this.#path)
    }
    if (replaced === undefined) return this.#problems.all()
    throw new AppError('archive.unsafe', `The folder "${replaced}" was replaced while it was written: what belongs there may lie elsewhere below ${this.#path}`, {
      hint: 'Restore into an empty folder that nobody else writes to.',
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#finisher?.[Symbol.asyncDispose]()
    this.#records[Symbol.dispose]()
    this.#names[Symbol.dispose]()
  }

  /** What became of a file that was finished by another thread. */
  #told(entry: Entry, fd: number, trouble: FileTrouble): void {
    if (trouble.kind === 'problem') {
      this.#problems.add(entry.path, trouble.code, trouble.message)
      return
    }
    if (trouble.kind === 'damaged' || !trouble.closed) this.#names.abandonFile(entry.path, fd)
    throw trouble.kind === 'damaged' ? otherContent(entry) : this.#failure(entry, Object.assign(new Error(trouble.message), trouble.code === undefined ? {} : { code: trouble.code }))
  }

  /** Runs a step of an entry; what the system refuses becomes an error for the user. */
  #guarded<T>(entry: Entry, step: () => T): T {
    try {
      return step()
    } catch (error) {
      throw this.#failure(entry, error)
    }
  }

  #failure(entry: Entry, error: unknown): AppError {
    return writeFailure(error, entry.path === '.' ? this.#path : `${this.#path}/${entry.path}`)
  }

  #create(entry: Entry): OpenFile {
    throwIfAborted(this.#signal, this.#path)
    return { fd: this.#names.createFile(entry), at: 0, pieces: entry.data === undefined ? undefined : sparsePieces(entry.data) }
  }

  async #append(entry: Entry, file: OpenFile, chunk: Uint8Array): Promise<void> {
    try {
      throwIfAborted(this.#signal, this.#path)
      for (const piece of this.#advance(entry, file, chunk)) {
        if (piece.bytes.length <= maxSyncBytes) writeAll(file.fd, piece)
        else await writeAllAsync(file.fd, piece)
      }
    } catch (error) {
      throw this.#failure(entry, error)
    }
  }

  /** What of the chunk is to be written. */
  #advance(entry: Entry, file: OpenFile, chunk: Uint8Array): Piece[] {
    const start = file.at
    file.at += chunk.length
    if (entry.size !== undefined && file.at > entry.size) {
      throw new AppError('archive.too-large', `"${entry.path}" has more content than the ${entry.size} bytes that its entry tells`, { hint: 'The archive is damaged, or made to fill the disk.' })
    }
    return file.pieces === undefined ? [{ bytes: chunk, at: start }] : file.pieces(chunk, start)
  }

  #complete(entry: Entry, file: OpenFile): void {
    if (entry.size !== undefined && file.at < entry.size) {
      throw new AppError('archive.damaged', `"${entry.path}" has ${file.at} bytes of content instead of ${entry.size}`, { hint: 'Verify the restore point, or take another one.' })
    }
    if (file.pieces !== undefined) ftruncateSync(file.fd, file.at)
    applyMetadata(file.fd, entry, this.#policy)
    if (this.#policy.libc === undefined) fsyncSync(file.fd)
  }

  #withoutContent(entry: Entry): void {
    throwIfAborted(this.#signal, this.#path)
    if (entry.kind === 'dir') {
      this.#record(entry.path, this.#names.folder(entry.path), entry)
    } else if (entry.kind === 'file') {
      const source = this.#names.hardlink(entry.path, entry.hardlinkTo ?? '')
      if (source !== undefined) this.#copy(entry, source)
    } else if (entry.kind === 'socket') {
      this.#problems.add(entry.path, 'missing', 'It is a socket and was left out; its program makes it anew')
    } else if (!this.#policy.trusted && (entry.kind === 'char' || entry.kind === 'block')) {
      this.#problems.add(entry.path, 'missing', 'It is a device and was left out, as the restore point is not trusted')
    } else {
      this.#makeSpecial(entry)
    }
  }

  #record(path: string, { dev, ino }: OpenFolder, metadata: Entry | undefined): void {
    this.#records.add({ path, dev, ino, removals: this.#names.removals(path), metadata })
  }

  #makeSpecial(entry: Entry): void {
    let fd: number
    try {
      fd = this.#names.special(entry)
    } catch (error) {
      const code = systemCode(error) ?? ''
      if (!['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS'].includes(code)) throw error
      this.#problems.add(entry.path, 'missing', `A ${entry.kind} cannot be made here by this user (${code}); it is missing`)
      return
    }
    try {
      applyMetadata(`/proc/self/fd/${fd}`, entry, this.#policy)
    } finally {
      closeSync(fd)
    }
  }

  /** A hardlink that the file system does not take becomes a file of its own. Closes `source`. */
  #copy(entry: Entry, source: number): void {
    try {
      const file = this.#create(entry)
      try {
        const bytes = Buffer.alloc(1 << 20)
        for (let count = -1; count !== 0; file.at += count) {
          count = readSync(source, bytes, 0, bytes.length, file.at)
          writeAll(file.fd, { bytes: bytes.subarray(0, count), at: file.at })
        }
        this.#complete({ ...entry, size: file.at }, file)
      } catch (error) {
        this.#names.abandonFile(entry.path, file.fd)
        throw error
      }
      closeSync(file.fd)
      this.#problems.add(entry.path, 'hardlink', 'It was copied, as the file system takes no more hardlinks for it')
    } finally {
      closeSync(source)
    }
  }

  async #makeDurable(): Promise<void> {
    const { libc } = this.#policy
    if (libc === undefined) {
      // Each file was made durable when it was complete; closing makes the folders so.
      this.#folders.closeAll()
      fsyncSync(this.#folders.root.fd)
    } else {
      await syncFileSystems(libc, this.#folders.fileSystems())
    }
    if (this.#firstMade === undefined) return
    // The names of the folders that were made down to the root.
    const top = dirname(this.#firstMade)
    let folder = this.#path
    do {
      folder = dirname(folder)
      syncFolder(folder)
    } while (folder !== top && folder !== '/')
  }
}

function otherContent(entry: Entry): AppError {
  return new AppError('archive.damaged', `"${entry.path}" has other content than its record tells`, { hint: 'Verify the restore point, or take another one.' })
}

function throwIfAborted(signal: AbortSignal, path: string): void {
  if (signal.aborted) throw new AppError('interrupted', `Writing to ${path} was interrupted`, { cause: signal.reason })
}

function writeAll(fd: number, { bytes, at }: Piece): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, at + done)
}

async function writeAllAsync(fd: number, { bytes, at }: Piece): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await writeAsync(fd, bytes, done, bytes.length - done, at + done)).bytesWritten
}
