import { ByteReader } from '../byte-reader.ts'
import type { ArchiveBytes } from '../format.ts'
import { recordsName, trailerPart } from '../trailer.ts'
import { lastFrames } from './expand-zstd.ts'
import { readZstdTail } from './read-tar.ts'

// Half a GB of records, of some millions of entries.
const mostFrames = 512

/**
 * Where the frames of a restore point's last members begin. Frames are found by their headers (RFC 8878, 3.1.1); only the
 * first bytes of the last ones are expanded. @throws AppError `archive.damaged`.
 */
export async function findTail(bytes: ArchiveBytes, signal: AbortSignal): Promise<number | undefined> {
  await using reader = new ByteReader(bytes.stream(signal))
  const starts = await lastFrames(reader, mostFrames)
  for (const [index, at] of [...starts.entries()].toReversed()) {
    const end = starts[index + 1] ?? bytes.sizeBytes
    if (await beginsRecords({ ...bytes, sizeBytes: end }, at, signal)) return at
  }
  return undefined
}

async function beginsRecords(bytes: ArchiveBytes, at: number, signal: AbortSignal): Promise<boolean> {
  try {
    for await (const { path } of readZstdTail(bytes, at, { signal })) return trailerPart(path)?.name === recordsName
  } catch {
    // Most frames begin within a member; what is really wrong shows when all is read.
    signal.throwIfAborted()
  }
  return false
}
