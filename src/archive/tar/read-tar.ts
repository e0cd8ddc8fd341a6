import { AppError } from '../../kit/app-error.ts'
import type { Entry, EntryKind } from '../../model/entry.ts'
import { ByteReader } from '../byte-reader.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveBytes, Member, ReadOptions } from '../format.ts'
import { isZero, zerosOf } from '../zeros.ts'
import { expand } from './expand.ts'
import { expandGzipTail } from './expand-gzip.ts'
import { expandZstd } from './expand-zstd.ts'
import { decodePax } from './pax-records.ts'
import { readMap0, readMap10, readOldMap } from './sparse-map.ts'
import type { SparseFile } from './sparse-map.ts'
import { PaxValues } from './pax-values.ts'
import { blockBytes, decodeHeader } from './tar-header.ts'
import type { RawHeader } from './tar-header.ts'
import { decodeName } from '../../disk/name-codec.ts'

// Names, times and attributes of one member; the kernel allows 64 KiB for each attribute.
const mostHeaderBytes = 1024 * 1024
const readBytes = 1024 * 1024
// Tapes are filled up to a record; no drive knew larger ones.
const mostFillBytes = 16 * 1024 * 1024
// Files up to this size are given whole.
const wholeBytes = 1024 * 1024

/** What stood before a member's own header and is about it. */
type Pending = { pax: PaxValues; longName?: Uint8Array; longLink?: Uint8Array }
type Stored = { readonly entry: Entry; readonly storedBytes: number; readonly sparse: SparseFile | undefined }

/**
 * Reads any tar: pax, GNU, ustar and v7, compressed or not. Every header's checksum must be right, the end-of-archive
 * mark must be there, and nothing but zeros may follow it.
 * @throws AppError `archive.foreign`, `archive.damaged`.
 */
export function readTar(bytes: ArchiveBytes, options: ReadOptions): AsyncGenerator<Member, void, undefined> {
  return members(expand(bytes.stream(options.signal), options.strict === true), options)
}

/** As `readTar` from a place where a frame begins. */
export async function* readZstdTail(bytes: ArchiveBytes, at: number, options: ReadOptions): AsyncGenerator<Member, void, undefined> {
  await using reader = new ByteReader(bytes.range(at, bytes.sizeBytes, options.signal))
  yield* members(expandZstd(reader, true), options)
}

/** As `readTar` from a place where a deflate block begins at a byte's start and needs nothing that lies before it. */
export async function* readGzipTail(bytes: ArchiveBytes, at: number, options: ReadOptions): AsyncGenerator<Member, void, undefined> {
  await using reader = new ByteReader(bytes.range(at, bytes.sizeBytes, options.signal))
  yield* members(expandGzipTail(reader), options)
}

async function* members(plain: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Member, void, undefined> {
  await using reader = new ByteReader(plain)
  const globals = new PaxValues()
  let pending: Pending = { pax: new PaxValues(globals) }
  let clean = true
  while (true) {
    options.signal.throwIfAborted()
    const block = (reader.atHand(blockBytes) ?? await reader.exactly(blockBytes)).slice()
    if (isZero(block)) break
    const header = decodeHeader(block)
    if (header === undefined) throw damaged('the checksum of a header is wrong')
    if ('xgLK'.includes(header.type)) {
      await readAbout(header, reader, pending, globals)
      clean = false
      continue
    }
    const sparse = hasMap(header, pending.pax) ? await readSparse(header, block, reader, pending.pax) : undefined
    const member = readMember(header, pending, sparse)
    pending = { pax: new PaxValues(globals) }
    clean = true
    if (member === undefined || options.wanted?.(member.entry.path) === false) {
      await reader.skip(padded(member?.storedBytes ?? header.sizeBytes))
      continue
    }
    if (member.entry.kind !== 'file' || member.entry.hardlinkTo !== undefined) {
      yield member.entry
      if (member.storedBytes > 0) await reader.skip(padded(member.storedBytes))
      continue
    }
    const content = new Content(reader, member)
    const open = (signal: AbortSignal): AsyncIterable<Uint8Array> => content.read(signal)
    yield member.sparse === undefined && member.storedBytes <= wholeBytes ? { ...member.entry, open, readWhole: () => content.whole() } : { ...member.entry, open }
    if (content.close() > 0) await reader.skip(content.close())
  }
  if (!clean) throw damaged('a header announces a member that does not follow')
  await requireEnd(reader)
}

/** A header that is about the next member, or about all. */
async function readAbout(header: RawHeader, reader: ByteReader, pending: Pending, globals: PaxValues): Promise<void> {
  if (header.sizeBytes > mostHeaderBytes) throw damaged('an extended header is too large')
  const filledBytes = padded(header.sizeBytes)
  const bytes = (reader.atHand(filledBytes) ?? await reader.exactly(filledBytes)).slice(0, header.sizeBytes)
  if (header.type === 'x') pending.pax.add(decodePax(bytes))
  if (header.type === 'g') globals.add(decodePax(bytes))
  if (header.type === 'L') pending.longName = untilZero(bytes)
  if (header.type === 'K') pending.longLink = untilZero(bytes)
}

/** Undefined for what is no member of a tree (GNU's volume label). */
function readMember(header: RawHeader, pending: Pending, map: SparseFile | undefined): Stored | undefined {
  const { pax } = pending
  if (header.type === 'V') return undefined
  const name = pax.bytes('GNU.sparse.name') ?? pax.bytes('path') ?? pending.longName ?? joined(header)
  const kind = kindOf(header, name, pax)
  const sizeBytes = pax.number('size') ?? header.sizeBytes
  const isFile = kind === 'file' && header.type !== '1'
  if (!isFile && sizeBytes > 0 && header.type !== 'D' && header.type !== '5' && header.type !== '1') throw damaged('a member without content states a size')
  const sparse = isFile ? map : undefined
  // Old tars state a folder's or a hardlink's size although nothing follows.
  const storedBytes = header.type === '5' || header.type === '1' ? 0 : sizeBytes - (sparse?.mapBytes ?? 0)
  const given = sparse?.data.reduce((sum, range) => sum + range.length, 0)
  if (given !== undefined && given !== storedBytes) throw damaged('a sparse file has another size than its pieces')
  const link = normal(decodeName(pax.bytes('linkpath') ?? pending.longLink ?? header.linkName))
  const user = decodeName(pax.bytes('uname') ?? header.user)
  const group = decodeName(pax.bytes('gname') ?? header.group)
  const xattrs = pax.xattrs()
  const path = normal(decodeName(name))
  const entry: Entry = {
    path,
    kind,
    mode: header.mode & 0o7777,
    mtimeNs: pax.timeNs('mtime') ?? BigInt(header.mtimeSeconds) * 1_000_000_000n,
    uid: pax.number('uid') ?? header.uid,
    gid: pax.number('gid') ?? header.gid,
    ...(isFile ? { size: sparse?.sizeBytes ?? storedBytes } : {}),
    ...(user === '' ? {} : { user }),
    ...(group === '' ? {} : { group }),
    ...(header.type === '2' ? { linkTarget: decodeName(pax.bytes('linkpath') ?? pending.longLink ?? header.linkName) } : {}),
    // GNU tar writes a file that was named twice as a link to itself.
    ...(header.type === '1' ? { hardlinkTo: link } : {}),
    ...(kind === 'char' || kind === 'block' ? { rdev: header.rdev } : {}),
    ...(sparse === undefined ? {} : { data: sparse.data }),
    ...(xattrs.size === 0 ? {} : { xattrs }),
  }
  return { entry, storedBytes, sparse }
}

/** Whether a map of a sparse file belongs to the header; only a plain file has one. */
function hasMap(header: RawHeader, pax: PaxValues): boolean {
  return header.type === 'S' || '0\u00007'.includes(header.type) && (pax.bytes('GNU.sparse.realsize') ?? pax.bytes('GNU.sparse.size')) !== undefined
}

/** The reader then stands at the content. */
async function readSparse(header: RawHeader, block: Uint8Array, reader: ByteReader, pax: PaxValues): Promise<SparseFile | undefined> {
  if (header.type === 'S') return readOldMap(block, reader)
  const realSize = pax.number('GNU.sparse.realsize') ?? pax.number('GNU.sparse.size')
  if (realSize === undefined) return undefined
  if (pax.number('GNU.sparse.major') === 1) return readMap10(reader, realSize)
  return readMap0(pax.sparseNumbers(), realSize)
}

function kindOf(header: RawHeader, name: Uint8Array, pax: PaxValues): EntryKind {
  switch (header.type) {
    case '0': case '\0': case '7': case 'S':
      // Tars before POSIX had no type for folders.
      return name.at(-1) === 0x2f && header.type !== 'S' ? 'dir' : 'file'
    case '1': return pax.kind() ?? 'file'
    case '2': return 'symlink'
    case '3': return 'char'
    case '4': return 'block'
    case '5': case 'D': return 'dir'
    case '6': return 'fifo'
    default: throw new AppError('archive.foreign', `The archive holds a member of a type that is not known (${JSON.stringify(header.type)})`)
  }
}

function joined(header: RawHeader): Uint8Array {
  return header.prefix.length === 0 ? header.name : Buffer.concat([header.prefix, Buffer.from('/'), header.name])
}

/** Without `./` before and `/` behind; the root itself is `.`. */
function normal(path: string): string {
  const bare = path.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '')
  return bare === '' && !path.startsWith('/') ? '.' : bare === '' ? path : bare
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes
}

async function requireEnd(reader: ByteReader): Promise<void> {
  const second = await reader.exactly(blockBytes)
  if (!isZero(second)) throw damaged('its end is not marked')
  let fillBytes = 0
  for (let rest = await reader.some(readBytes); rest !== undefined; rest = await reader.some(readBytes)) {
    fillBytes += rest.length
    if (!isZero(rest) || fillBytes > mostFillBytes) throw damaged('something follows its end')
  }
}

/** The content of the current member; what is not read is skipped before the next. */
class Content {
  readonly #reader: ByteReader
  readonly #member: Stored
  #leftBytes: number
  #opened = false
  #closed = false

  constructor(reader: ByteReader, member: Stored) {
    this.#reader = reader
    this.#member = member
    this.#leftBytes = padded(member.storedBytes)
  }

  /** All of it, where it is no sparse file. */
  whole(): Uint8Array | Promise<Uint8Array> {
    this.#open()
    const { storedBytes } = this.#member
    this.#leftBytes -= storedBytes
    return this.#reader.atHand(storedBytes) ?? this.#reader.exactly(storedBytes)
  }

  async *read(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    this.#open()
    const { sparse, storedBytes } = this.#member
    let at = 0
    for (const range of sparse?.data ?? [{ offset: 0, length: storedBytes }]) {
      yield* zerosOf(range.offset - at)
      yield* this.#stored(range.length, signal)
      at = range.offset + range.length
    }
    yield* zerosOf((sparse?.sizeBytes ?? storedBytes) - at)
  }

  /** Ends the reading, and gives how much of it is to be skipped. */
  close(): number {
    this.#closed = true
    return this.#leftBytes
  }

  #open(): void {
    if (this.#opened || this.#closed) throw new AppError('internal', `${this.#member.entry.path} was opened when the archive had moved on`)
    this.#opened = true
  }

  async *#stored(sizeBytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    for (let left = sizeBytes; left > 0; ) {
      signal.throwIfAborted()
      if (this.#closed) throw new AppError('internal', `${this.#member.entry.path} was read when the archive had moved on`)
      const part = await this.#reader.some(Math.min(left, readBytes))
      if (part === undefined) throw damaged('it ends too early')
      left -= part.length
      this.#leftBytes -= part.length
      yield part
    }
  }
}
