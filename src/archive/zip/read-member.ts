import { Readable, pipeline } from 'node:stream'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveWindow } from './archive-window.ts'
import { contentStart } from './local-header.ts'
import type { MemberBodies, MemberBody } from './member-bodies.ts'
import { macBytes } from './winzip-aes.ts'
import type { ZipDirectory } from './zip-directory.ts'
import type { ZipPassword } from './zip-password.ts'
import type { ZipRecord } from './zip-record.ts'

export type OpenZip = { readonly window: ArchiveWindow; readonly directory: ZipDirectory; readonly password: ZipPassword; readonly bodies: MemberBodies }

/** Up to this size both ways, a member is unpacked in one step. */
const wholeBytes = 1024 * 1024
const inflateBytes = 128 * 1024
const stored = 0
const deflate = 8

/**
 * The plain content of a member. Sums and sizes are compared at the end; never more bytes come than the directory says.
 * @throws AppError `archive.damaged`, `archive.password`, `archive.encryption`, `archive.foreign` (a method that is not read here).
 */
export async function* readMember(record: ZipRecord, zip: OpenZip): AsyncGenerator<Uint8Array, void, undefined> {
  checkReadable(record)
  const body = await zip.bodies.open(record)
  if (body.end - body.start <= wholeBytes && record.plainBytes <= wholeBytes) {
    const plain = await wholeContent(record, body, zip)
    if (plain.length > 0) yield plain
    return
  }
  let plainBytes = 0
  let sum = 0
  const content = storedContent(record, body, zip)
  for await (const bytes of record.method === deflate ? inflated(content, record, body) : content) {
    plainBytes += bytes.length
    if (plainBytes > record.plainBytes) throw damaged(`${record.path} holds more than its size says`)
    sum = crc32(bytes, sum)
    yield bytes
  }
  checkPlain(record, plainBytes, sum)
}

/** Whether `readWholeMember` may be used. */
export function isWhole(record: ZipRecord): boolean {
  return record.storedBytes <= wholeBytes && record.plainBytes <= wholeBytes
}

/** The plain content of a small member. @throws as readMember. */
export async function readWholeMember(record: ZipRecord, zip: OpenZip): Promise<Uint8Array> {
  checkReadable(record)
  return await wholeContent(record, await zip.bodies.open(record), zip)
}

/** Compares the headers of a member whose content is not read. @throws AppError `archive.damaged`. */
export async function checkMember(record: ZipRecord, zip: OpenZip): Promise<void> {
  const start = await contentStart(zip.window, zip.directory, record)
  // Some programs write the two bytes of an empty deflate stream for a folder.
  if (record.plainBytes > 0 || record.storedBytes > 2) throw damaged(`${record.path} has content, which its kind has not`)
  if (record.storedBytes === 0) checkPlain(record, 0, 0)
  checkStored(record, crc32(await zip.window.read(start, start + record.storedBytes)))
}

function checkReadable(record: ZipRecord): void {
  if (record.encryption === 'other') {
    throw new AppError('archive.encryption', `${record.path} is encrypted with ZipCrypto, which is broken and not read by Holdfast`, { hint: 'Unpack the archive with unzip or 7z.' })
  }
  if (record.method !== stored && record.method !== deflate) {
    throw new AppError('archive.foreign', `${record.path} is compressed by method ${record.method}, which Holdfast does not read`, { hint: 'Unpack the archive with 7z.' })
  }
}

async function wholeContent(record: ZipRecord, body: MemberBody, zip: OpenZip): Promise<Uint8Array> {
  const all = await zip.window.read(body.start, body.end + (body.cipher === undefined ? 0 : macBytes))
  const cipherText = all.subarray(0, body.end - body.start)
  const intact = checkStored(record, crc32(all, body.sumBefore))
  const content = body.cipher?.decrypt(cipherText) ?? cipherText
  if (body.cipher !== undefined) zip.password.check(body.cipher, all.subarray(cipherText.length), intact)
  const plain = record.method === deflate ? inflatedWhole(content, record) : content
  checkPlain(record, plain.length, crc32(plain))
  return plain
}

function inflatedWhole(content: Uint8Array, record: ZipRecord): Uint8Array {
  let result: object
  try {
    result = inflateRawSync(content, { maxOutputLength: Math.max(record.plainBytes, 1), chunkSize: Math.max(record.plainBytes, 64), info: true })
  } catch (error) {
    throw damaged(`${record.path}: ${messageOf(error)}`, error)
  }
  // With `info` it gives the engine too, which its types do not say.
  if (!('buffer' in result && result.buffer instanceof Uint8Array && 'engine' in result)) throw new AppError('internal', 'zlib gave no engine')
  const { engine } = result
  const usedBytes = typeof engine === 'object' && engine !== null && 'bytesWritten' in engine ? engine.bytesWritten : undefined
  if (usedBytes !== content.length) throw damaged(`something follows the content of ${record.path}`)
  return result.buffer
}

/** The bytes within the encryption, all checked once the last has been taken. */
async function* storedContent(record: ZipRecord, body: MemberBody, zip: OpenZip): AsyncGenerator<Uint8Array, void, undefined> {
  let sum = body.sumBefore
  for await (const bytes of zip.window.stream(body.start, body.end)) {
    sum = crc32(bytes, sum)
    yield body.cipher?.decrypt(bytes) ?? bytes
  }
  if (body.cipher === undefined) {
    checkStored(record, sum)
    return
  }
  const mac = await zip.window.read(body.end, body.end + macBytes)
  zip.password.check(body.cipher, mac, checkStored(record, crc32(mac, sum)))
}

async function* inflated(content: AsyncIterable<Uint8Array>, record: ZipRecord, body: MemberBody): AsyncGenerator<Uint8Array, void, undefined> {
  const inflate = createInflateRaw({ chunkSize: inflateBytes })
  // Its errors come out of the loop below.
  pipeline(Readable.from(content, { objectMode: false, highWaterMark: inflateBytes }), inflate, () => undefined)
  try {
    for await (const bytes of inflate) yield bytes as Buffer
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) throw damaged(`${record.path}: ${error.message}`, error)
    throw error
  } finally {
    inflate.destroy()
  }
  if (inflate.bytesWritten !== body.end - body.start) throw damaged(`something follows the content of ${record.path}`)
}

/** True where the stored bytes have a sum, and it is right. */
function checkStored(record: ZipRecord, sum: number): boolean {
  if (record.storedSum === undefined) return false
  if (record.storedSum !== sum) throw damaged(`the stored bytes of ${record.path} have changed`)
  return true
}

function checkPlain(record: ZipRecord, plainBytes: number, sum: number): void {
  if (plainBytes !== record.plainBytes) throw damaged(`${record.path} holds less than its size says`)
  // AE-2 has no checksum of the content; its authentication code takes that place.
  const summed = record.encryption === 'none' || (record.encryption !== 'other' && record.encryption.checksum)
  if (summed && sum !== record.crc32) throw damaged(`the checksum of ${record.path} is wrong`)
}
