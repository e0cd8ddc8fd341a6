import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { openContentFile } from '../../disk/content-file.ts'
import type { ContentFile } from '../../disk/content-file.ts'
import type { DataRange, Entry } from '../../model/entry.ts'
import type { CompressPool } from '../compress-pool.ts'
import { smallFileBytes } from '../compress-job.ts'
import type { Lent, Piece, PieceResult } from '../compress-job.ts'
import type { WrittenMember } from '../format.ts'
import { zerosOf } from '../zeros.ts'
import { encodeMember } from './tar-member.ts'
import { blockBytes, putSize } from './tar-header.ts'

/** A step of writing a tar: plain bytes to compress, or a header whose size is told later by a patch. */
export type TarPart =
  | { readonly kind: 'job'; readonly pieces: readonly Piece[]; readonly lent?: Lent; readonly members: (results: readonly PieceResult[]) => readonly WrittenMember[] }
  | { readonly kind: 'held'; readonly header: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'patch'; readonly header: Uint8Array<ArrayBuffer> }

type TarEntry = Entry & { kind: Exclude<Entry['kind'], 'socket'> }
type Told = (results: readonly PieceResult[]) => WrittenMember

/** Turns entries into the steps of a tar, without its end; big files and streams are read and hashed here. */
export async function* tarParts(members: AsyncIterable<Entry>, pool: CompressPool, signal: AbortSignal): AsyncGenerator<TarPart, void, undefined> {
  const batch = new Batch(pool)
  // Further names of a file that could not be read have nothing to point to.
  const missing = new Set<string>()
  for await (const entry of members) {
    signal.throwIfAborted()
    if (!isTarEntry(entry)) {
      batch.tell(() => ({ entry, sizeBytes: 0, leftOut: true, note: { code: 'archive.socket', message: `${entry.path} is a socket; its program makes it anew`, path: entry.path } }))
    } else if (entry.kind !== 'file' || entry.hardlinkTo !== undefined) {
      batch.addPlain(entry, missing)
    } else if (isSmall(entry)) {
      batch.addSmall(entry)
    } else {
      const file = entry.onDisk === undefined ? undefined : openOrTell(entry, batch, missing)
      if (entry.onDisk !== undefined && file === undefined) continue
      if (!batch.isEmpty()) yield batch.take()
      try {
        yield* big(entry, file, pool, signal)
      } finally {
        file?.[Symbol.dispose]()
      }
    }
    if (batch.isFull()) yield batch.take()
  }
  if (!batch.isEmpty()) yield batch.take()
}

/** Small members that go into one job; the files among them are read by the worker. */
class Batch {
  readonly #pool: CompressPool
  #pieces: Piece[] = []
  #told: Told[] = []
  #plainBytes = 0
  #lent: Lent | undefined
  #lentUsed = 0

  constructor(pool: CompressPool) {
    this.#pool = pool
  }

  isEmpty(): boolean {
    return this.#told.length === 0
  }

  isFull(): boolean {
    return this.#plainBytes >= this.#pool.chunkBytes
  }

  tell(told: Told): void {
    this.#told.push(told)
  }

  addPlain(entry: TarEntry, missing: ReadonlySet<string>): void {
    if (entry.hardlinkTo !== undefined && missing.has(entry.hardlinkTo)) {
      this.tell(() => leftOut(entry, 'source.unreadable', `${entry.path} is another name of ${entry.hardlinkTo}, which could not be read`))
      return
    }
    this.#add({ bytes: encodeMember(entry, 0, this.#allocate).bytes, copied: true }, () => ({ entry, sizeBytes: 0, leftOut: false }))
  }

  addSmall(entry: TarEntry & { onDisk: string; size: number }): void {
    const head = encodeMember(entry, entry.size, this.#allocate)
    const index = this.#pieces.length
    const piece: Piece = {
      onDisk: entry.onDisk, dev: entry.dev, ino: entry.ino, mtimeNs: entry.mtimeNs, ctimeNs: entry.ctimeNs, sizeBytes: entry.size,
      before: head.bytes, padTo: blockBytes,
      ...(entry.data === undefined ? {} : { data: entry.data }),
    }
    this.#add(piece, (results) => fromResult(entry, results[index]))
    this.#plainBytes += head.contentBytes
  }

  take(): TarPart {
    const told = this.#told
    const part: TarPart = { kind: 'job', pieces: this.#pieces, members: (results) => told.map((tell) => tell(results)), ...(this.#lent === undefined ? undefined : { lent: this.#lent }) }
    this.#pieces = []
    this.#told = []
    this.#plainBytes = 0
    this.#lent = undefined
    this.#lentUsed = 0
    return part
  }

  /** Heads lie together in lent memory: a buffer of its own costs far more on its way to a thread than the bytes in it. */
  readonly #allocate = (sizeBytes: number): Uint8Array => {
    const lent = (this.#lent ??= this.#pool.lend())
    const start = this.#lentUsed
    if (start + sizeBytes > lent.length) return new Uint8Array(sizeBytes)
    this.#lentUsed += sizeBytes
    return lent.subarray(start, this.#lentUsed).fill(0)
  }

  #add(piece: Piece, told: Told): void {
    this.#pieces.push(piece)
    this.#told.push(told)
    // Padding and headers together, about.
    this.#plainBytes += 3 * blockBytes
  }
}

function isTarEntry(entry: Entry): entry is TarEntry {
  return entry.kind !== 'socket'
}

function isSmall(entry: TarEntry): entry is TarEntry & { onDisk: string; size: number } {
  // A file with more names is opened here, so that it is known at once whether the others have something to point to.
  if (entry.onDisk === undefined || entry.size === undefined || (entry.links ?? 1) > 1) return false
  const stored = entry.data === undefined ? entry.size : entry.data.reduce((sum, range) => sum + range.length, 0)
  return stored <= smallFileBytes
}

function openOrTell(entry: TarEntry, batch: Batch, missing: Set<string>): ContentFile | undefined {
  try {
    return openContentFile(entry.onDisk ?? '', { dev: entry.dev, ino: entry.ino })
  } catch (error) {
    if ((entry.links ?? 1) > 1) missing.add(entry.path)
    const code = error instanceof AppError ? error.code : 'source.unreadable'
    batch.tell(() => leftOut(entry, code, messageOf(error)))
    return undefined
  }
}

function fromResult(entry: Entry, result: PieceResult | undefined): WrittenMember {
  if (result === undefined) throw new AppError('internal', 'A compress worker gave no result for a file')
  const problem = result.problem === undefined ? undefined : { ...result.problem, path: entry.path }
  return {
    entry,
    sizeBytes: result.leftOut ? 0 : (entry.size ?? 0),
    leftOut: result.leftOut,
    ...(result.sha256 === undefined ? {} : { sha256: result.sha256 }),
    ...(problem === undefined ? {} : { problem }),
  }
}

function leftOut(entry: Entry, code: string, message: string): WrittenMember {
  return { entry, sizeBytes: 0, leftOut: true, problem: { code, message, path: entry.path } }
}

/** One big file or stream: a head, its content in chunks as it is read, padding; then what is known of it. */
async function* big(entry: TarEntry, file: ContentFile | undefined, pool: CompressPool, signal: AbortSignal): AsyncGenerator<TarPart, void, undefined> {
  const statedBytes = entry.size ?? file?.size
  const head = encodeMember(entry, statedBytes ?? 0)
  const chunk = new Chunk(pool)
  if (statedBytes === undefined) {
    const before = head.bytes.length - blockBytes
    if (before > 0) yield job(new Uint8Array(head.bytes.subarray(0, before)))
    yield { kind: 'held', header: new Uint8Array(head.bytes.subarray(before)) }
  } else {
    yield* chunk.add(head.bytes)
  }
  const sha = createHash('sha256')
  const state: ReadState = { readBytes: 0, problem: undefined }
  const content = file === undefined ? streamed(entry, statedBytes, sha, state, chunk, signal) : fromDisk(entry, file, statedBytes ?? 0, sha, state, chunk, signal)
  yield* content
  const contentBytes = statedBytes === undefined ? state.readBytes : head.contentBytes
  for (const padding of zerosOf((blockBytes - (contentBytes % blockBytes)) % blockBytes)) yield* chunk.add(padding)
  const member: WrittenMember = {
    entry, sizeBytes: statedBytes ?? state.readBytes, sha256: sha.digest('hex'), leftOut: false,
    ...(state.problem === undefined ? {} : { problem: { ...state.problem, path: entry.path } }),
  }
  yield { ...chunk.end(), members: () => [member] }
  if (statedBytes === undefined) {
    const header = new Uint8Array(head.bytes.subarray(head.bytes.length - blockBytes))
    putSize(header, state.readBytes)
    yield { kind: 'patch', header }
  }
}

type ReadState = { readBytes: number; problem: { code: string; message: string } | undefined }

async function* fromDisk(entry: TarEntry, file: ContentFile, sizeBytes: number, sha: Hash, state: ReadState, chunk: Chunk, signal: AbortSignal): AsyncGenerator<TarPart, void, undefined> {
  const ranges: readonly DataRange[] = entry.data ?? [{ offset: 0, length: sizeBytes }]
  let at = 0
  for (const range of ranges) {
    for (const hole of zerosOf(range.offset - at)) sha.update(hole)
    const end = range.offset + range.length
    at = range.offset
    while (at < end) {
      signal.throwIfAborted()
      const target = chunk.room(end - at)
      const count = state.problem?.code === 'source.unreadable' ? 0 : readInto(file, target, at, state)
      target.fill(0, count)
      sha.update(target)
      at += target.length
      yield* chunk.filled(target.length)
    }
  }
  for (const hole of zerosOf(sizeBytes - at)) {
    signal.throwIfAborted()
    sha.update(hole)
  }
  state.readBytes = sizeBytes
  if (file.changedSince(entry.mtimeNs, entry.ctimeNs, sizeBytes)) state.problem ??= changed(entry.path)
}

/** Bytes read; the disk's error becomes the member's problem, and what cannot be read is zeros. */
function readInto(file: ContentFile, target: Uint8Array, at: number, state: ReadState): number {
  try {
    return file.readSync(target, at)
  } catch (error) {
    state.problem = { code: 'source.unreadable', message: messageOf(error) }
    return 0
  }
}

async function* streamed(entry: TarEntry, statedBytes: number | undefined, sha: Hash, state: ReadState, chunk: Chunk, signal: AbortSignal): AsyncGenerator<TarPart, void, undefined> {
  if (entry.open === undefined) throw new AppError('internal', `${entry.path} has no content to read`)
  for await (const bytes of entry.open(signal)) {
    signal.throwIfAborted()
    const left = statedBytes === undefined ? bytes.length : statedBytes - state.readBytes
    if (bytes.length > left) state.problem = changed(entry.path)
    const taken = bytes.length > left ? bytes.subarray(0, left) : bytes
    sha.update(taken)
    state.readBytes += taken.length
    yield* chunk.add(taken)
    if (state.problem !== undefined) break
  }
  if (statedBytes === undefined || state.readBytes === statedBytes) return
  state.problem = changed(entry.path)
  for (const zeros of zerosOf(statedBytes - state.readBytes)) {
    sha.update(zeros)
    yield* chunk.add(zeros)
  }
}

function changed(path: string): { code: string; message: string } {
  return { code: 'source.changed', message: `${path} changed while it was read` }
}

/** Gathers bytes in lent memory; a full chunk becomes a job. */
class Chunk {
  readonly #pool: CompressPool
  #lent: Lent
  #used = 0

  constructor(pool: CompressPool) {
    this.#pool = pool
    this.#lent = pool.lend()
  }

  /** Room to write at most `most` bytes to; `filled` says how many were written. */
  room(most: number): Uint8Array {
    return this.#lent.subarray(this.#used, Math.min(this.#pool.chunkBytes, this.#used + most))
  }

  *filled(count: number): Generator<TarPart, void, undefined> {
    this.#used += count
    if (this.#used < this.#pool.chunkBytes) return
    yield this.end()
    this.#lent = this.#pool.lend()
    this.#used = 0
  }

  *add(bytes: Uint8Array): Generator<TarPart, void, undefined> {
    for (let at = 0; at < bytes.length; ) {
      const target = this.room(bytes.length - at)
      target.set(bytes.subarray(at, at + target.length))
      at += target.length
      yield* this.filled(target.length)
    }
  }

  /** What has been gathered since the last full chunk; nothing can be added afterwards. */
  end(): JobPart {
    return { ...job(this.#lent.subarray(0, this.#used)), lent: this.#lent }
  }
}

type JobPart = Extract<TarPart, { kind: 'job' }>

function job(bytes: Uint8Array): JobPart {
  return { kind: 'job', pieces: [{ bytes }], members: () => [] }
}
