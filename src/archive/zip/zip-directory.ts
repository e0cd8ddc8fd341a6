import { createHash } from 'node:crypto'
import { RandomAccessReader, fromRandomAccessReaderPromise } from 'yauzl'
import type { Entry as DirectoryEntry, ZipFile } from 'yauzl'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveWindow } from './archive-window.ts'
import { endRecords, sealedHash } from './end-records.ts'
import { MemberSpans } from './member-spans.ts'
import { NameHashes } from './name-hashes.ts'
import { zipRecord } from './zip-record.ts'
import type { ZipRecord } from './zip-record.ts'

const centralBytes = 46
const localBytes = 30

/** A central directory that was read once from start to end and found sound. */
export type ZipDirectory = {
  /** Written by Holdfast, and unchanged since: then every byte of the archive can be foretold or has a sum. */
  readonly sealed: boolean
  readonly spans: MemberSpans
  /** Paths of folders that stand there more than once; all but the first are to be passed over. */
  readonly repeated: ReadonlySet<string>
}

/**
 * Reads the whole directory and checks it: the seal where there is one, members that overlap, names that stand there twice.
 * @throws AppError `archive.foreign`, `archive.damaged`, `archive.unsafe` (the same name twice), `archive.encryption`.
 */
export async function checkDirectory(window: ArchiveWindow): Promise<ZipDirectory> {
  const zip = await openDirectory(window)
  const start = directoryStart(zip)
  const spans = new MemberSpans(start)
  const names = new NameHashes()
  let sizeBytes = 0
  let checked = 0
  for await (const record of recordsOf(zip)) {
    const { header } = record
    sizeBytes += centralBytes + header.fileNameLength + header.extraFieldLength + header.fileCommentLength
    spans.add(record.offset, record.offset + localBytes + header.fileNameLength + record.storedBytes)
    names.add(record.path)
    if (record.storedSum !== undefined) checked += 1
  }
  const sealed = await checkEnd(window, zip, start, sizeBytes, checked > 0)
  spans.check()
  return { sealed, spans, repeated: await repeatedFolders(window, names) }
}

/** The members as the directory lists them. */
export async function* directoryRecords(window: ArchiveWindow): AsyncGenerator<ZipRecord, void, undefined> {
  yield* recordsOf(await openDirectory(window))
}

async function* recordsOf(zip: ZipFile): AsyncGenerator<ZipRecord, void, undefined> {
  const entries = zip.eachEntry()
  for (;;) {
    let next: IteratorResult<DirectoryEntry>
    try {
      next = await entries.next()
    } catch (error) {
      throw explained(error)
    }
    if (next.done === true) return
    yield zipRecord(next.value)
  }
}

async function openDirectory(window: ArchiveWindow): Promise<ZipFile> {
  try {
    const options = { decodeStrings: false, validateEntrySizes: false, lazyEntries: true, autoClose: false }
    return await fromRandomAccessReaderPromise(new WindowReader(window), window.sizeBytes, options)
  } catch (error) {
    if (!(error instanceof AppError) && !(await startsAsZip(window))) throw new AppError('archive.foreign', 'This is no zip archive', { cause: error })
    throw explained(error)
  }
}

async function startsAsZip(window: ArchiveWindow): Promise<boolean> {
  if (window.sizeBytes < 4) return false
  const start = Buffer.from(await window.read(0, 4)).readUInt32LE(0)
  return start === 0x0403_4b50 || start === 0x0605_4b50
}

/** Any sentence of yauzl's as one of ours. */
function explained(error: unknown): unknown {
  if (error instanceof AppError || (error instanceof Error && error.name === 'AbortError')) return error
  const message = messageOf(error)
  if (message.includes('strong encryption')) return new AppError('archive.encryption', 'The archive is encrypted in a way that Holdfast does not read', { hint: 'Unpack it with the program that wrote it.', cause: error })
  return damaged(message, error)
}

function directoryStart(zip: ZipFile): number {
  // A number before the first entry is read, whatever its declared type says.
  return Number(zip.readEntryCursor)
}

async function checkEnd(window: ArchiveWindow, zip: ZipFile, start: number, sizeBytes: number, marked: boolean): Promise<boolean> {
  const end = start + sizeBytes
  const seal = sealedHash(Buffer.from(zip.comment, 'latin1'))
  if (seal === undefined) {
    if (marked) throw changed()
    const signature = Buffer.from(await window.read(end, end + 4)).readUInt32LE(0)
    if (![0x0605_4b50, 0x0606_4b50, 0x0505_4b50].includes(signature)) throw damaged('its directory holds more than its end says')
    return false
  }
  const sha = createHash('sha256')
  for await (const bytes of window.stream(start, end)) sha.update(bytes)
  const foretold = endRecords({ offset: start, sizeBytes, records: zip.entryCount, sha256: sha.digest('hex') })
  if (end + foretold.length !== window.sizeBytes || !foretold.equals(await window.read(end, window.sizeBytes))) throw changed()
  return true
}

function changed(): AppError {
  return damaged('its directory is not as it was written; perhaps another program has changed it')
}

async function repeatedFolders(window: ArchiveWindow, names: NameHashes): Promise<ReadonlySet<string>> {
  const repeated = new Set<string>()
  const suspects = names.repeated()
  if (suspects.size === 0) return repeated
  const seen = new Map<string, boolean>()
  for await (const { path, kind } of directoryRecords(window)) {
    if (!suspects.has(NameHashes.of(path))) continue
    const folder = kind === 'dir'
    const before = seen.get(path)
    if (before === undefined) seen.set(path, folder)
    else if (before && folder) repeated.add(path)
    else throw new AppError('archive.unsafe', `The archive holds "${path}" twice; which of them is meant cannot be known`, { hint: 'Unpack it by hand and look at both.' })
  }
  return repeated
}

class WindowReader extends RandomAccessReader {
  readonly #window: ArchiveWindow

  constructor(window: ArchiveWindow) {
    super()
    this.#window = window
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): void {
    // Past the end there is nothing, which yauzl's own reader would tell as an unexpected end.
    if (position + length > this.#window.sizeBytes) {
      callback(new Error('unexpected end'))
      return
    }
    const known = this.#window.peek(position, position + length)
    if (known !== undefined) {
      buffer.set(known, offset)
      callback(null)
      return
    }
    void this.#load(buffer, offset, length, position, callback)
  }

  async #load(buffer: Buffer, offset: number, length: number, position: number, callback: (error: Error | null) => void): Promise<void> {
    try {
      buffer.set(await this.#window.read(position, position + length), offset)
    } catch (error) {
      callback(error instanceof Error ? error : new Error(messageOf(error)))
      return
    }
    callback(null)
  }
}
