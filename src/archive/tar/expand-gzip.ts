import { constants, crc32, createInflateRaw } from 'node:zlib'
import { messageOf } from '../../kit/app-error.ts'
import { damaged } from '../damaged.ts'
import type { ByteReader } from '../byte-reader.ts'
import { isZero } from '../zeros.ts'

const feedBytes = 256 * 1024
const ours = '1f8b0800000000000003'

/**
 * The plain bytes of gzip members, one after the other (RFC 1952), each with its CRC and length checked. Node's own gunzip
 * passes over whatever follows the last member; here that is an error, but for zeros, with which tapes and some programs fill up.
 * `strict`: the header must be the very one that we write, and no zeros follow.
 */
export async function* expandGzip(reader: ByteReader, strict: boolean): AsyncGenerator<Uint8Array, void, undefined> {
  for (let isFirst = true; !(await reader.atEnd()); isFirst = false) {
    if (!isFirst && !strict && await startsWithZero(reader)) return await requireZeros(reader)
    await readHeader(reader, strict)
    let crc = 0
    let sizeBytes = 0
    for await (const bytes of inflate(reader)) {
      crc = crc32(bytes, crc)
      sizeBytes += bytes.length
      yield bytes
    }
    const end = await reader.exactly(8)
    const view = new DataView(end.buffer, end.byteOffset, 8)
    if (view.getUint32(0, true) !== crc || view.getUint32(4, true) !== sizeBytes % 2 ** 32) throw damaged('the checksum of its content is wrong')
  }
}

/**
 * The plain bytes from a block's begin within the last gzip member to its end. Their sum covers what lies before, too, and
 * cannot be checked here. @throws AppError `archive.damaged`, also where something else lies there.
 */
export async function* expandGzipTail(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  yield* inflate(reader)
  await reader.exactly(8)
  if (!(await reader.atEnd())) throw damaged('something follows its end')
}

async function startsWithZero(reader: ByteReader): Promise<boolean> {
  const first = Uint8Array.from(await reader.exactly(1))
  reader.unread(first)
  return first[0] === 0
}

async function requireZeros(reader: ByteReader): Promise<void> {
  for (let rest = await reader.some(feedBytes); rest !== undefined; rest = await reader.some(feedBytes)) if (!isZero(rest)) throw damaged('something follows its end')
}

async function readHeader(reader: ByteReader, strict: boolean): Promise<void> {
  const head = Uint8Array.from(await reader.exactly(10))
  if (strict && Buffer.from(head).toString('hex') !== ours) throw damaged('its gzip header is not as it was written')
  const flags = head[3] ?? 0
  if (head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8 || (flags & 0xe0) !== 0) throw damaged('something that is not gzip stands where gzip should be')
  if ((flags & 4) !== 0) {
    const length = await reader.exactly(2)
    await reader.skip((length[0] ?? 0) + 256 * (length[1] ?? 0))
  }
  if ((flags & 8) !== 0) await skipText(reader)
  if ((flags & 16) !== 0) await skipText(reader)
  if ((flags & 2) !== 0) await reader.skip(2)
}

async function skipText(reader: ByteReader): Promise<void> {
  for (let length = 0; ((await reader.exactly(1))[0] ?? 0) !== 0; length++) if (length > 65536) throw damaged('a name in its gzip header has no end')
}

/** One deflate stream; the reader stands after its last byte when it ends. */
async function* inflate(reader: ByteReader): AsyncGenerator<Uint8Array, void, undefined> {
  const stream = createInflateRaw({ chunkSize: 128 * 1024, finishFlush: constants.Z_SYNC_FLUSH })
  let fedBytes = 0
  let last: Uint8Array = new Uint8Array(0)
  let failure: unknown
  const feeding = (async (): Promise<void> => {
    try {
      while (!stream.readableEnded && !stream.destroyed && !ended(stream, fedBytes)) {
        const part = await reader.some(feedBytes)
        if (part === undefined) break
        last = Uint8Array.from(part)
        fedBytes += part.length
        await new Promise<void>((resolve) => {
          stream.once('close', resolve)
          stream.write(last, () => {
            stream.off('close', resolve)
            resolve()
          })
        })
      }
    } catch (error) {
      failure = error
    }
    stream.end()
  })()
  try {
    for await (const bytes of stream) yield bytes as Buffer
  } catch (error) {
    throw damaged(messageOf(error), error)
  } finally {
    stream.destroy()
    await feeding
  }
  if (failure !== undefined) throw failure
  const used = stream.bytesWritten - (fedBytes - last.length)
  if (used < last.length) reader.unread(last.subarray(Math.max(used, 0)))
}

/** True once the stream has left input untouched: it has seen its end. */
function ended(stream: { readonly bytesWritten: number }, fedBytes: number): boolean {
  return stream.bytesWritten < fedBytes
}
