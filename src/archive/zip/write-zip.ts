import type { Entry } from '../../model/entry.ts'
import type { Remark } from '../../model/restore-point.ts'
import type { BodyChunk } from '../../model/storage.ts'
import { CompressPool } from '../compress-pool.ts'
import type { WriteOptions, WrittenMember } from '../format.ts'
import { GatheredChunks } from './gathered-chunks.ts'
import { ZipOutput } from './zip-output.ts'
import { zipParts } from './zip-parts.ts'
import type { ZipPart } from './zip-batch.ts'

const namesNote: Remark = { code: 'archive.names', message: 'Names, sizes, times and modes stay readable in an encrypted zip; contents do not' }

/**
 * Writes a zip (PKWARE's APPNOTE 6.3.10), compressed and encrypted by all cores, with a bounded number of steps in flight.
 * Headers of big members are patched once their sums are known; there are no data descriptors, which some programs
 * cannot read. With a password all contents are encrypted with AES-256 (WinZip's AE-2); names, sizes, times and modes stay
 * readable, as everywhere in zip.
 */
export async function* writeZip(members: AsyncIterable<Entry>, options: WriteOptions): AsyncGenerator<BodyChunk, void, undefined> {
  await using pool = new CompressPool()
  const output = new ZipOutput()
  const gathered = new GatheredChunks()
  const shared = { pool, password: options.password?.reveal(), signal: options.signal }
  yield* inOrder(zipParts(members, { ...shared, onMember: toldWithNames(options) }), pool.inFlight, output, gathered)
  // Here nothing is in flight: all members were read and told.
  yield* inOrder(zipParts(options.trailer(), { ...shared, onMember: () => undefined }), pool.inFlight, output, gathered)
  yield* gathered.add(output.close())
  yield* gathered.rest()
}

/** With a password, one member carries the note that names are not encrypted. */
function toldWithNames(options: WriteOptions): (member: WrittenMember) => void {
  let told = options.password === undefined
  return (member) => {
    options.onMember(told || member.note !== undefined ? member : { ...member, note: namesNote })
    told ||= member.note === undefined
  }
}

async function* inOrder(parts: AsyncIterable<ZipPart>, inFlight: number, output: ZipOutput, gathered: GatheredChunks): AsyncGenerator<BodyChunk, void, undefined> {
  const waiting: ZipPart[] = []
  for await (const part of parts) {
    // It is awaited in its turn; until then a failure must not count as unheeded.
    part.ready.catch(() => undefined)
    waiting.push(part)
    while (waiting.length >= inFlight) yield* gathered.add(await finished(waiting, output))
  }
  while (waiting.length > 0) yield* gathered.add(await finished(waiting, output))
}

async function finished(waiting: ZipPart[], output: ZipOutput): Promise<Iterable<BodyChunk>> {
  const give = await waiting.shift()?.ready
  return give === undefined ? [] : give(output)
}
