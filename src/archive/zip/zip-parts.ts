import { randomBytes } from 'node:crypto'
import { openContentFile } from '../../disk/content-file.ts'
import type { ContentFile } from '../../disk/content-file.ts'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { Entry } from '../../model/entry.ts'
import { smallFileBytes } from '../compress-job.ts'
import type { CompressPool } from '../compress-pool.ts'
import type { WrittenMember } from '../format.ts'
import { isRandom, probeBytes, probePlaces } from '../looks-random.ts'
import { MemberContent } from './member-content.ts'
import { memberNote } from './member-note.ts'
import { AesContent, deriveKeys, saltBytes, strongest } from './winzip-aes.ts'
import { ZipBatch, writtenFile } from './zip-batch.ts'
import type { ZipPart } from './zip-batch.ts'
import { largest32, storedName, zipMember } from './zip-member.ts'

export type PartsOptions = {
  readonly pool: CompressPool
  readonly password: string | undefined
  readonly signal: AbortSignal
  onMember(member: WrittenMember): void
}

const probes = 8
const mostNameBytes = 0xffff
/** A last block without content: ends a deflate stream whose other blocks end with a flush (RFC 1951, 3.2.6). */
const lastBlock = Uint8Array.of(3, 0)

/** Turns entries into the steps of a zip, without its directory; big files and streams are read and hashed here. */
export async function* zipParts(members: AsyncIterable<Entry>, options: PartsOptions): AsyncGenerator<ZipPart, void, undefined> {
  const batch = new ZipBatch(options.pool, options.password, options.onMember)
  // Further names of a file that could not be read have nothing to point to.
  const missing = new Set<string>()
  for await (const entry of members) {
    options.signal.throwIfAborted()
    checkName(entry)
    if (entry.kind === 'file') yield* fileParts(entry, batch, missing, options)
    else addOther(entry, batch)
    if (batch.isFull()) yield batch.take()
  }
  if (!batch.isEmpty()) yield batch.take()
}

/** Other programs would write such a name outside the folder that they unpack to. */
function checkName(entry: Entry): void {
  const unsafe = entry.path === '' || entry.path.startsWith('/') || entry.path.includes('\0') || entry.path.split('/').includes('..')
  if (unsafe) throw new AppError('archive.unsafe', `"${entry.path}" is no path below a folder`)
  if (storedName(entry.path, 'dir').length > mostNameBytes) throw new AppError('archive.unsafe', `A path has more than ${mostNameBytes} bytes, which zip cannot carry`)
}

function addOther(entry: Entry, batch: ZipBatch): void {
  // Zip has no name for the root itself.
  if (entry.path === '.') batch.tell(entry, { leftOut: false })
  else if (entry.kind === 'dir') batch.addFolder(entry)
  else if (entry.kind === 'symlink') batch.addLink(entry)
  else if (entry.kind === 'socket') batch.tell(entry, { leftOut: true, note: { code: 'archive.socket', message: `${entry.path} is a socket; its program makes it anew`, path: entry.path } })
  else tellNote(entry, batch)
}

function tellNote(entry: Entry, batch: ZipBatch): void {
  const note = memberNote(entry)
  batch.tell(entry, { leftOut: false, ...(note === undefined ? undefined : { note }) })
}

async function* fileParts(entry: Entry, batch: ZipBatch, missing: Set<string>, options: PartsOptions): AsyncGenerator<ZipPart, void, undefined> {
  if (entry.hardlinkTo !== undefined && missing.has(entry.hardlinkTo)) {
    batch.tell(entry, leftOut(entry, 'source.unreadable', `${entry.path} is another name of ${entry.hardlinkTo}, which could not be read`))
    return
  }
  if (entry.onDisk === undefined) {
    // A further name in another archive: its content was there with the first.
    if (entry.hardlinkTo !== undefined) tellNote(entry, batch)
    else yield* readParts(entry, undefined, batch, options)
    return
  }
  // A file with more names is opened here, so that it is known at once whether the others have something to point to.
  const several = (entry.links ?? 1) > 1 || entry.hardlinkTo !== undefined
  if (!several && entry.size !== undefined && entry.size <= smallFileBytes) {
    batch.addFile(entry, entry.onDisk, entry.size)
    return
  }
  let file: ContentFile
  try {
    file = openContentFile(entry.onDisk, entry)
  } catch (error) {
    if (entry.hardlinkTo === undefined) missing.add(entry.path)
    batch.tell(entry, leftOut(entry, error instanceof AppError ? error.code : 'source.unreadable', messageOf(error)))
    return
  }
  using held = file
  yield* readParts(entry, held, batch, options)
}

function leftOut(entry: Entry, code: string, message: string): Pick<WrittenMember, 'leftOut' | 'problem'> {
  return { leftOut: true, problem: { code, message, path: entry.path } }
}

/** Content that fits into one chunk becomes part of the batch, with all that is known of it in its header. */
async function* readParts(entry: Entry, file: ContentFile | undefined, batch: ZipBatch, options: PartsOptions): AsyncGenerator<ZipPart, void, undefined> {
  const content = new MemberContent(entry, file, options.pool, options.signal)
  const chunks = content.chunks(file)
  try {
    const first = await chunks.next()
    const second = await chunks.next()
    if (second.done === true) {
      // A batch of small contents must not keep a large buffer for each.
      const bytes = new Uint8Array(first.value ?? [])
      if (first.value !== undefined) options.pool.returnBuffer(first.value.buffer)
      batch.addRead(entry, bytes, content)
      return
    }
    if (!batch.isEmpty()) yield batch.take()
    yield* bigParts(entry, file, content, inOrder(first.value ?? new Uint8Array(0), second.value, chunks), options)
  } finally {
    await chunks.return()
  }
}

async function* inOrder<T>(first: T, second: T, rest: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
  yield first
  yield second
  yield* rest
}

async function* bigParts(
  entry: Entry, file: ContentFile | undefined, content: MemberContent, chunks: AsyncIterable<Uint8Array<ArrayBuffer>>, options: PartsOptions,
): AsyncGenerator<ZipPart, void, undefined> {
  const { pool, password } = options
  const deflated = file === undefined || !looksStored(file)
  const member = zipMember(entry, 'file', content.statedBytes === undefined || mostStoredBytes(content.statedBytes) >= largest32)
  const encrypted = password !== undefined
  const facts = { deflated, encrypted, crc32: 0, plainBytes: 0 }
  const start = { ...facts, storedBytes: 0 }
  const salt = randomBytes(saltBytes)
  if (password === undefined) {
    yield step((output) => output.begin(member, start, new Uint8Array(0), undefined))
  } else {
    yield { ready: deriveKeys(password, salt, strongest).then((keys) => (output) => output.begin(member, start, Buffer.concat([salt, keys.verifier]), new AesContent(keys))) }
  }
  for await (const bytes of chunks) {
    yield deflated ? deflatedPart(bytes, pool) : step(function* (output) {
      yield* output.more(bytes)
      pool.returnBuffer(bytes.buffer)
    })
  }
  const written = writtenFile(entry, content)
  const sums = { ...facts, crc32: encrypted ? 0 : content.crc32, plainBytes: content.sizeBytes }
  yield step(function* (output) {
    options.onMember(written)
    if (deflated) yield* output.more(lastBlock.slice())
    yield* output.end(sums)
  })
}

function deflatedPart(bytes: Uint8Array<ArrayBuffer>, pool: CompressPool): ZipPart {
  const lent = pool.lend()
  const result = pool.compress({ codec: 'deflate-raw', output: 'joined', pieces: [{ bytes }], lent })
  return {
    ready: result.then((done) => function* (output) {
      yield* output.more(done.output ?? new Uint8Array(0))
      // Whoever asks for more is done with the output.
      pool.takeBack(lent)
    }),
  }
}

/** What needs no work of others. */
function step(give: Awaited<ZipPart['ready']>): ZipPart {
  return { ready: Promise.resolve(give) }
}

/** Deflate and encryption make content that does not compress a little longer. */
function mostStoredBytes(plainBytes: number): number {
  return plainBytes + Math.ceil(plainBytes / 1000) + 65_536
}

/** True where no sample, spread over the whole file, gets smaller. */
function looksStored(file: ContentFile): boolean {
  const probe = new Uint8Array(probeBytes)
  return probePlaces(file.size, probes).every((at) => {
    try {
      return isRandom(probe.subarray(0, file.readSync(probe, at)))
    } catch {
      // The reading of the content tells of it.
      return false
    }
  })
}
