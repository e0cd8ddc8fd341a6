import { createHash, hash, randomBytes } from 'node:crypto'
import { constants, crc32, deflateRawSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { AppError, messageOf } from '../kit/app-error.ts'
import { openContentFile } from '../disk/content-file.ts'
import type { DataRange } from '../model/entry.ts'
import type { Codec, CompressJob, CompressResult, ExpandJob, FilePiece, FromWorker, Lent, Piece, PieceResult, ToWorker } from './compress-job.ts'
import { looksRandom } from './looks-random.ts'
import { zerosOf } from './zeros.ts'
import { encryptWhole, saltBytes } from './zip/winzip-aes.ts'

/** Does a job in the thread that calls it. Buffers that may be given to another thread with the answer are added to `transfer`. */
export function runJob(message: ToWorker, transfer: ArrayBuffer[]): FromWorker {
  const { id } = message
  try {
    if ('expand' in message) {
      expandJob(message.expand)
      return { id, expanded: true }
    }
    const compressed = compressJob(message.compress)
    if (compressed.output?.buffer instanceof ArrayBuffer) transfer.push(compressed.output.buffer)
    for (const { output } of compressed.pieces) if (output?.buffer instanceof ArrayBuffer) transfer.push(output.buffer)
    // Input buffers go back to be filled again: fresh ones cost page faults and garbage.
    const given = message.compress.pieces.flatMap((piece) => ('bytes' in piece && piece.copied !== true && piece.bytes.buffer instanceof ArrayBuffer ? [piece.bytes.buffer] : []))
    const used = [...new Set(given)].filter((buffer) => !transfer.includes(buffer))
    transfer.push(...used)
    return { id, compressed, used }
  } catch (error) {
    transfer.length = 0
    return { id, failure: messageOf(error) }
  }
}

/** At most so many plain bytes come out of a job. */
export function plainBytesOf(job: CompressJob): number {
  return job.pieces.reduce((sum, piece) => sum + largest(piece), 0)
}

// One scratch buffer serves all jobs of a thread.
function compressJob(job: CompressJob): CompressResult {
  return job.output === 'joined' ? joined(job) : each(job)
}

/** @throws Error where the frame is damaged or gives another number of bytes. */
function expandJob(job: ExpandJob): void {
  const plain = zstdDecompressSync(job.frame, { maxOutputLength: Math.max(job.sizeBytes, 1), chunkSize: Math.max(job.sizeBytes, 64) })
  if (plain.length !== job.sizeBytes) throw new Error(`the frame holds ${plain.length} bytes instead of ${job.sizeBytes}`)
  job.into.set(plain)
  free(plain)
}

let scratch = new Uint8Array(0)
const deflateLevel = 6
// Level 3 with tables (256 and 64 KiB) that stay in a processor's cache: a tenth faster, and hardly larger.
const zstdParams = { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_hashLog]: 16, [constants.ZSTD_c_chainLog]: 14, [constants.ZSTD_c_checksumFlag]: 1 }

function joined(job: CompressJob): CompressResult {
  const only = job.pieces.length === 1 ? job.pieces[0] : undefined
  if (only !== undefined && 'bytes' in only) {
    return { ...finish(job, only.bytes), pieces: [{ plainBytes: only.bytes.length, leftOut: false }] }
  }
  reserve(plainBytesOf(job))
  const pieces: PieceResult[] = []
  const runs: Run[] = []
  let at = 0
  for (const piece of job.pieces) {
    const result = put(piece, at)
    if (job.codec === 'deflate-raw') addToRuns(runs, scratch.subarray(at, at + result.plainBytes))
    at += result.plainBytes
    pieces.push(result)
  }
  const plain = scratch.subarray(0, at)
  return { ...(runs.length < 2 ? finish(job, plain) : finishRuns(job, plain, runs)), pieces }
}

type Run = { readonly random: boolean; sizeBytes: number }

function addToRuns(runs: Run[], piece: Uint8Array): void {
  if (piece.length === 0) return
  const random = looksRandom(piece)
  const last = runs.at(-1)
  if (last?.random === random) last.sizeBytes += piece.length
  else runs.push({ random, sizeBytes: piece.length })
}

/** Photos among other files are not compressed: deflate takes the longest for what does not get smaller. */
function finishRuns({ lent }: CompressJob, plain: Uint8Array, runs: readonly Run[]): { output: Uint8Array; crc32: number; plainBytes: number } {
  let at = 0
  const blocks = runs.map(({ random, sizeBytes }) => {
    at += sizeBytes
    return deflate(plain.subarray(at - sizeBytes, at), random ? 0 : deflateLevel, constants.Z_SYNC_FLUSH)
  })
  const sizeBytes = blocks.reduce((sum, block) => sum + block.length, 0)
  const output = room(lent, 0, sizeBytes)
  at = 0
  for (const block of blocks) {
    output.set(block, at)
    at += block.length
    free(block)
  }
  return { output, crc32: crc32(plain), plainBytes: plain.length }
}

function finish({ codec, lent }: CompressJob, plain: Uint8Array): { output: Uint8Array; crc32: number; plainBytes: number } {
  if (plain.length === 0) return { output: new Uint8Array(0), crc32: 0, plainBytes: 0 }
  const sum = codec === 'zstd' ? 0 : crc32(plain)
  const squeezed = squeeze(codec, plain, constants.Z_SYNC_FLUSH)
  const output = copied(lent, 0, squeezed ?? plain)
  if (squeezed !== undefined) free(squeezed)
  return { output, crc32: sum, plainBytes: plain.length }
}

/** Memory for an output: lent where it fits there. */
function room(lent: Lent | undefined, at: number, sizeBytes: number): Uint8Array {
  return lent === undefined || at + sizeBytes > lent.length ? new Uint8Array(sizeBytes) : lent.subarray(at, at + sizeBytes)
}

function copied(lent: Lent | undefined, at: number, bytes: Uint8Array): Uint8Array {
  const output = room(lent, at, bytes.length)
  output.set(bytes)
  return output
}

/** Buffers wait long for the garbage collector, and a fresh one costs page faults. */
function free({ buffer }: Uint8Array): void {
  // What is small may lie in Node's shared pool, which cannot be taken away; it is up to 64 bytes larger than it says.
  if (buffer instanceof ArrayBuffer && (buffer.byteLength < Buffer.poolSize || buffer.byteLength > Buffer.poolSize + 64)) buffer.transfer(0)
}

function each(job: CompressJob): CompressResult {
  let used = 0
  const pieces = job.pieces.map((piece): PieceResult => {
    reserve(largest(piece))
    const result = put(piece, 0)
    if (result.leftOut) return result
    const plain = scratch.subarray(0, result.plainBytes)
    const asItIs = job.codec === 'store' || ('bytes' in piece && piece.stored === true)
    const squeezed = asItIs ? undefined : squeeze(job.codec, plain, constants.Z_FINISH)
    const stored = squeezed === undefined || squeezed.length >= plain.length
    const content = stored ? plain : squeezed
    const sum = crc32(plain)
    const encrypted = job.zipPassword === undefined || content.length === 0 ? undefined : encryptWhole(content, job.zipPassword, randomBytes(saltBytes))
    const output = copied(job.lent, used, encrypted ?? content)
    for (const bytes of [squeezed, encrypted]) if (bytes !== undefined) free(bytes)
    if (output.buffer === job.lent?.buffer) used += output.length
    return { ...result, crc32: sum, output, stored }
  })
  return { crc32: 0, plainBytes: pieces.reduce((sum, piece) => sum + piece.plainBytes, 0), pieces }
}

function put(piece: Piece, at: number): PieceResult {
  if ('bytes' in piece) {
    scratch.set(piece.bytes, at)
    return { plainBytes: piece.bytes.length, leftOut: false }
  }
  try {
    return putFile(piece, at)
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'source.unreadable'
    return { plainBytes: 0, leftOut: true, problem: { code, message: messageOf(error) } }
  }
}

function putFile(piece: FilePiece, start: number): PieceResult {
  using file = openContentFile(piece.onDisk, piece)
  let at = start
  if (piece.before !== undefined) {
    scratch.set(piece.before, at)
    at += piece.before.length
  }
  const ranges = piece.data ?? [{ offset: 0, length: piece.sizeBytes }]
  const content = at
  for (const range of ranges) {
    const target = scratch.subarray(at, at + range.length)
    target.fill(0, file.readSync(target, range.offset))
    at += range.length
  }
  const changed = file.changedSince(piece.mtimeNs, piece.ctimeNs, piece.sizeBytes)
  const sha256 = piece.data === undefined ? hash('sha256', scratch.subarray(content, at)) : sparseHash(scratch.subarray(content, at), piece.data, piece.sizeBytes)
  const padding = piece.padTo === undefined ? 0 : (piece.padTo - ((at - content) % piece.padTo)) % piece.padTo
  scratch.fill(0, at, at + padding)
  at += padding
  return {
    sha256,
    plainBytes: at - start,
    leftOut: false,
    ...(changed ? { problem: { code: 'source.changed', message: `${piece.onDisk} changed while it was read` } } : {}),
  }
}

function sparseHash(bytes: Uint8Array, data: readonly DataRange[], sizeBytes: number): string {
  const sha = createHash('sha256')
  let at = 0
  let taken = 0
  for (const range of data) {
    for (const hole of zerosOf(range.offset - at)) sha.update(hole)
    sha.update(bytes.subarray(taken, taken + range.length))
    taken += range.length
    at = range.offset + range.length
  }
  for (const hole of zerosOf(sizeBytes - at)) sha.update(hole)
  return sha.digest('hex')
}

function largest(piece: Piece): number {
  if ('bytes' in piece) return piece.bytes.length
  const content = piece.data === undefined ? piece.sizeBytes : piece.data.reduce((sum, range) => sum + range.length, 0)
  return (piece.before?.length ?? 0) + content + (piece.padTo ?? 0)
}

function reserve(sizeBytes: number): void {
  if (scratch.length < sizeBytes) scratch = new Uint8Array(Math.max(sizeBytes, 1024 * 1024))
}

/** Undefined where the bytes go in as they are. */
function squeeze(codec: Codec, plain: Uint8Array, finishFlush: number): Uint8Array | undefined {
  if (codec === 'store') return undefined
  if (codec === 'deflate-raw') return deflate(plain, looksRandom(plain) ? 0 : deflateLevel, finishFlush)
  return zstdCompressSync(plain, { params: zstdParams, chunkSize: mostBytes(plain), pledgedSrcSize: plain.length })
}

/** Level 0 wraps bytes as they are. */
function deflate(plain: Uint8Array, level: number, finishFlush: number): Uint8Array {
  return deflateRawSync(plain, { level, finishFlush, chunkSize: mostBytes(plain) })
}

/** One output buffer that is surely large enough; the default of 16 KiB would be joined from many. */
function mostBytes(plain: Uint8Array): number {
  return plain.length + (plain.length >> 8) + 1024
}
