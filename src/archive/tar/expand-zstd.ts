import { constants, createZstdDecompress } from 'node:zlib'
import { messageOf } from '../../kit/app-error.ts'
import { damaged } from '../damaged.ts'
import type { ByteReader } from '../byte-reader.ts'
import { CompressPool } from '../compress-pool.ts'

const magic = 0xfd2fb528
// Frames up to this size are expanded whole by the workers; larger ones as a stream.
const wholeFrameBytes = 4 * 1024 * 1024
// 128 MiB, what `zstd -d` accepts without being asked.
const windowLogMax = 27

const wordBytes = 8

type FrameHead = { readonly bytes: Uint8Array; readonly contentBytes: number | undefined; readonly checksum: boolean }

/**
 * The plain bytes of Zstandard frames, one after the other (RFC 8878). We find each frame's end ourselves: Node's decoder
 * passes over whatever follows the last one. Frames that state a small size are expanded by all cores, unless `few`: then
 * starting threads would take longer.
 */
export async function* expandZstd(reader: ByteReader, few = false): AsyncGenerator<Uint8Array, void, undefined> {
  await using pool = new CompressPool()
  const ahead: FrameSlot[] = []
  const free: FrameSlot[] = []
  while (!(await reader.atEnd())) {
    const head = await frameHead(reader)
    if (head === undefined) continue
    if (few || head.contentBytes === undefined || head.contentBytes > wholeFrameBytes) {
      for (const slot of ahead.splice(0)) yield await slot.plain()
      yield* streamed(head, reader)
      continue
    }
    const slot = free.pop() ?? new FrameSlot()
    await slot.fill(head, head.contentBytes, reader)
    slot.start(pool)
    ahead.push(slot)
    if (ahead.length < pool.inFlight) continue
    const first = ahead.shift()
    if (first === undefined) continue
    yield await first.plain()
    free.push(first)
  }
  for (const slot of ahead) yield await slot.plain()
}

/** Where the last `most` frames begin, in order; found by their headers alone. @throws AppError `archive.damaged`. */
export async function lastFrames(reader: ByteReader, most: number): Promise<readonly number[]> {
  let starts: number[] = []
  let at = 0
  while (!(await reader.atEnd())) {
    const head = await frameHead(reader)
    // What is skippable may be of any length; nothing of ours has such frames.
    if (head === undefined) throw damaged('a frame that is to be skipped')
    starts.push(at)
    if (starts.length >= 2 * most) starts = starts.slice(-most)
    at += head.bytes.length
    for await (const part of blocks(head, reader)) at += part.length
  }
  return starts.slice(-most)
}

/** Undefined for a skippable frame, which is passed over (RFC 8878, 3.1.2). */
async function frameHead(reader: ByteReader): Promise<FrameHead | undefined> {
  const start = Uint8Array.from(await reader.exactly(4))
  const word = new DataView(start.buffer).getUint32(0, true)
  if ((word & 0xfffffff0) >>> 0 === 0x184d2a50) {
    const size = await reader.exactly(4)
    await reader.skip(new DataView(size.buffer, size.byteOffset).getUint32(0, true))
    return undefined
  }
  if (word !== magic) throw damaged('something that is not Zstandard stands where a frame should begin')
  const descriptor = (await reader.exactly(1))[0] ?? 0
  if ((descriptor & 0x18) !== 0) throw damaged('a frame header has bits that must not be set')
  const single = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeLength = sizeFlag === 0 ? (single ? 1 : 0) : 1 << sizeFlag
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3] ?? 0
  const rest = Uint8Array.from(await reader.exactly((single ? 0 : 1) + dictionaryLength + sizeLength))
  const bytes = Uint8Array.of(...start, descriptor, ...rest)
  return { bytes, contentBytes: contentSize(rest.subarray(rest.length - sizeLength)), checksum: (descriptor & 4) !== 0 }
}

function contentSize(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length === 0) return undefined
  if (bytes.length === 1) return view.getUint8(0)
  if (bytes.length === 2) return view.getUint16(0, true) + 256
  return bytes.length === 4 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true))
}

/** The blocks of a frame and its checksum, as they lie there (RFC 8878, 3.1.1.2). */
async function* blocks(head: FrameHead, reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  for (let last = false; !last; ) {
    const bytes = Uint8Array.from(await reader.exactly(3))
    const header = readBlockHeader(bytes)
    yield bytes
    yield await reader.exactly(header.sizeBytes)
    last = header.last
  }
  if (head.checksum) yield await reader.exactly(4)
}

/** How many bytes follow, and whether none does after them (RFC 8878, 3.1.1.2). @throws AppError `archive.damaged`. */
function readBlockHeader(bytes: Uint8Array): { readonly sizeBytes: number; readonly last: boolean } {
  const word = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16)
  const type = (word >> 1) & 3
  if (type === 3 || word >> 3 > 128 * 1024) throw damaged('a frame holds a block that cannot be')
  return { sizeBytes: type === 1 ? 1 : word >> 3, last: (word & 1) === 1 }
}

/** A frame that is expanded whole, and its plain bytes: memory that is used again for later frames. */
class FrameSlot {
  #memory = new Uint8Array(new SharedArrayBuffer(0))
  #input = this.#memory
  #output = new Uint8Array(new SharedArrayBuffer(0))
  #frameBytes = 0
  #plainBytes = 0
  #expanding: Promise<void> | undefined

  async fill(head: FrameHead, contentBytes: number, reader: ByteReader): Promise<void> {
    // A frame is hardly ever larger than its content; one that claims to be would cost memory for nothing.
    const most = contentBytes + (contentBytes >> 6) + 1024
    if (this.#memory.length < most + wordBytes) this.#memory = new Uint8Array(new SharedArrayBuffer(most + wordBytes))
    if (this.#output.length < contentBytes) this.#output = new Uint8Array(new SharedArrayBuffer(contentBytes))
    let at = head.bytes.length
    const first = reader.atHand(3) ?? await reader.exactly(3)
    // Into shared memory V8 copies byte by byte where one place is aligned to words and the other is not.
    this.#input = this.#memory.subarray((first.byteOffset - at) & (wordBytes - 1))
    this.#input.set(head.bytes)
    const take = (part: Uint8Array): void => {
      if (at + part.length > most) throw damaged('a frame is larger than what it holds')
      this.#input.set(part, at)
      at += part.length
    }
    for (let next = first; ; next = reader.atHand(3) ?? await reader.exactly(3)) {
      // Mostly without waiting.
      const { sizeBytes, last } = readBlockHeader(next)
      take(next)
      take(reader.atHand(sizeBytes) ?? await reader.exactly(sizeBytes))
      if (last) break
    }
    if (head.checksum) take(await reader.exactly(4))
    this.#frameBytes = at
    this.#plainBytes = contentBytes
  }

  start(pool: CompressPool): void {
    this.#expanding = pool.expand({ frame: this.#input.subarray(0, this.#frameBytes), into: this.#output, sizeBytes: this.#plainBytes })
    // It is awaited in its turn.
    this.#expanding.catch(() => undefined)
  }

  /** Valid until the slot is filled again. */
  async plain(): Promise<Uint8Array> {
    await this.#expanding
    return this.#output.subarray(0, this.#plainBytes)
  }
}

async function* streamed(head: FrameHead, reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createZstdDecompress({ chunkSize: 256 * 1024, params: { [constants.ZSTD_d_windowLogMax]: windowLogMax } })
  let failure: unknown
  let plainBytes = 0
  const feeding = (async (): Promise<void> => {
    try {
      await write(stream, head.bytes)
      for await (const part of blocks(head, reader)) {
        if (stream.destroyed) return
        await write(stream, Uint8Array.from(part))
      }
    } catch (error) {
      failure = error
    }
    stream.end()
  })()
  try {
    for await (const bytes of stream) {
      plainBytes += (bytes as Buffer).length
      yield bytes as Buffer
    }
  } catch (error) {
    throw failure ?? damaged(messageOf(error), error)
  } finally {
    stream.destroy()
    await feeding
  }
  if (failure !== undefined) throw failure
  if (head.contentBytes !== undefined && head.contentBytes !== plainBytes) throw damaged('a frame holds another number of bytes than it states')
}

async function write(stream: ReturnType<typeof createZstdDecompress>, bytes: Uint8Array): Promise<void> {
  if (stream.destroyed) return
  await new Promise<void>((resolve) => {
    stream.once('close', resolve)
    stream.write(bytes, () => {
      stream.off('close', resolve)
      resolve()
    })
  })
}
