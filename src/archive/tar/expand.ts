import { AppError } from '../../kit/app-error.ts'
import { ByteReader } from '../byte-reader.ts'
import { damaged } from '../damaged.ts'
import { isZero } from '../zeros.ts'
import { expandGzip } from './expand-gzip.ts'
import { expandZstd } from './expand-zstd.ts'
import { blockBytes, decodeHeader } from './tar-header.ts'

/**
 * The plain bytes of a tar, whatever it is compressed with; told by its first bytes, never by its name.
 * @throws AppError `archive.foreign` for anything that is no tar, `archive.damaged`.
 */
export async function* expand(chunks: AsyncIterable<Uint8Array>, strict: boolean): AsyncGenerator<Uint8Array, void, undefined> {
  await using reader = new ByteReader(chunks)
  const first = await reader.some(blockBytes)
  if (first === undefined) throw damaged('it is empty')
  const start = Uint8Array.from(first)
  reader.unread(start)
  if (start[0] === 0x1f && start[1] === 0x8b) return yield* expandGzip(reader, strict)
  if (start[0] === 0x28 && start[1] === 0xb5 && start[2] === 0x2f && start[3] === 0xfd) return yield* expandZstd(reader)
  if (isSkippable(start)) return yield* expandZstd(reader)
  const block = Uint8Array.from(await reader.exactly(blockBytes))
  // An empty tar is nothing but zeros.
  if (decodeHeader(block) === undefined && !isZero(block)) throw new AppError('archive.foreign', 'This is no tar archive')
  reader.unread(block)
  for (let part = await reader.some(1024 * 1024); part !== undefined; part = await reader.some(1024 * 1024)) yield part
}

function isSkippable(start: Uint8Array): boolean {
  return ((start[0] ?? 0) & 0xf0) === 0x50 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18
}
