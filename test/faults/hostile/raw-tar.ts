import { crc32, createDeflateRaw, constants, deflateRawSync } from 'node:zlib'

/** A tar header block as the test wants it, right or wrong: nothing is checked, cut or normalised. */
export type RawTarHeader = {
  readonly name?: string | Uint8Array
  readonly prefix?: string | Uint8Array
  readonly type?: string
  /** A number becomes octal digits; bytes stand there as they are (base-256, garbage). */
  readonly size?: number | Uint8Array
  readonly mode?: number
  readonly uid?: number | Uint8Array
  readonly mtime?: number | Uint8Array
  readonly link?: string | Uint8Array
  readonly magic?: string
  readonly device?: readonly [major: number, minor: number]
  /** Added to the right checksum. */
  readonly checksumOff?: number
}

export function tarHeader(header: RawTarHeader): Buffer {
  const block = Buffer.alloc(512)
  put(block, 0, 100, header.name ?? '')
  number(block, 100, 8, header.mode ?? 0o644)
  number(block, 108, 8, header.uid ?? 0)
  number(block, 116, 8, 0)
  number(block, 124, 12, header.size ?? 0)
  number(block, 136, 12, header.mtime ?? 1_700_000_000)
  block.write(header.type ?? '0', 156, 'latin1')
  put(block, 157, 100, header.link ?? '')
  block.write(header.magic ?? 'ustar\x0000', 257, 'latin1')
  if (header.device !== undefined) {
    number(block, 329, 8, header.device[0])
    number(block, 337, 8, header.device[1])
  }
  put(block, 345, 155, header.prefix ?? '')
  block.fill(0x20, 148, 156)
  const sum = block.reduce((all, byte) => all + byte, 0) + (header.checksumOff ?? 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** A header and its content, filled up to a block. */
export function tarMember(header: RawTarHeader, content: Uint8Array = Buffer.alloc(0)): Buffer {
  return Buffer.concat([tarHeader({ size: content.length, ...header }), padded(content)])
}

/** An extended header (`x`, or `g` for all that follows). */
export function pax(records: readonly (readonly [key: string, value: string | Uint8Array])[], type: 'x' | 'g' = 'x'): Buffer {
  return tarMember({ type, name: 'PaxHeaders/x' }, Buffer.concat(records.map(([key, value]) => paxRecord(key, value))))
}

/** GNU's long name (`L`) or long link (`K`). */
export function gnuLong(type: 'L' | 'K', text: string | Uint8Array): Buffer {
  return tarMember({ type, name: '././@LongLink', magic: 'ustar  \0' }, Buffer.concat([Buffer.from(text), Buffer.alloc(1)]))
}

export const tarEnd = Buffer.alloc(1024)

export function padded(content: Uint8Array): Buffer {
  return Buffer.concat([content], Math.ceil(content.length / 512) * 512)
}

/** A number field in base-256. */
export function base256(value: bigint, length: number): Buffer {
  const field = Buffer.alloc(length)
  let rest = value
  for (let at = length - 1; at >= 0; at--) {
    field[at] = Number(rest & 0xffn)
    rest >>= 8n
  }
  field[0] = (field[0] ?? 0) | 0x80
  return field
}

const gzipHead = Buffer.from('1f8b0800000000000003', 'hex')

/** One gzip member with the header that Holdfast writes, so that nothing but the content is suspicious. */
export function gzip(plain: Uint8Array): Buffer {
  return Buffer.concat([gzipHead, deflateRawSync(plain), gzipTail(crc32(plain), plain.length)])
}

/** The same of pieces that would not fit into memory at once. */
export async function gzipOf(pieces: Iterable<Uint8Array>): Promise<Buffer> {
  const stream = createDeflateRaw({ level: 1 })
  const parts: Buffer[] = [gzipHead]
  stream.on('data', (part: Buffer) => parts.push(part))
  const ended = new Promise((resolve, reject) => stream.once('end', resolve).once('error', reject))
  let crc = 0
  let sizeBytes = 0
  for (const piece of pieces) {
    crc = crc32(piece, crc)
    sizeBytes += piece.length
    if (!stream.write(piece)) await new Promise((resolve) => stream.once('drain', resolve))
  }
  stream.end()
  await ended
  return Buffer.concat([...parts, gzipTail(crc, sizeBytes)])
}

/** A deflate stream of this many MiB of zeros, made of one flushed block again and again. */
export function zeroDeflate(mebibytes: number): Buffer {
  const block = deflateRawSync(Buffer.alloc(1 << 20), { finishFlush: constants.Z_FULL_FLUSH })
  return Buffer.concat([...Array.from({ length: mebibytes }, () => block), deflateRawSync(Buffer.alloc(0))])
}

function gzipTail(crc: number, sizeBytes: number): Buffer {
  const tail = Buffer.alloc(8)
  tail.writeUInt32LE(crc, 0)
  tail.writeUInt32LE(sizeBytes % 2 ** 32, 4)
  return tail
}

function paxRecord(key: string, value: string | Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value), Buffer.from('\n')])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length += 1
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function put(block: Buffer, at: number, most: number, value: string | Uint8Array): void {
  block.set(Buffer.from(value).subarray(0, most), at)
}

function number(block: Buffer, at: number, length: number, value: number | Uint8Array): void {
  if (typeof value !== 'number') block.set(value.subarray(0, length), at)
  else block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1')
}
