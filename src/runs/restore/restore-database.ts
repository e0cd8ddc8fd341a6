import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress, createZstdDecompress } from 'node:zlib'
import { AppError, messageOf } from '../../kit/app-error.ts'
import type { DatabaseFacts } from '../../model/restore-point.ts'
import type { Run } from '../../model/run.ts'
import type { DatabasePlace } from './same-database.ts'

/** A database that a restore writes into, whatever its engine; opened for the target, not for where the dump came from. */
export type RestoreDatabase = {
  /** As the manifest names it. */
  readonly name: string
  /** What the restore point holds of it. */
  readonly facts: DatabaseFacts
  /** Where the dump lies in the restore point. */
  readonly path: string
  /** The server's database that it is; absent for one in a container. */
  readonly place?: DatabasePlace
  /** Where it goes, as people say it: `erp on localhost`. */
  readonly label: string
  /** @throws AppError `database.unreachable` with what to do. */
  check(run: Run): Promise<void>
  /** Reads the dump that will be imported, before anything is touched. @throws AppError `database.unsafe`, `archive.damaged`: then nothing is. */
  readonly refuseUnsafe?: (content: AsyncIterable<Uint8Array>) => Promise<void>
  /** The present content; undefined where the database is empty or not there. Ends normally only when it is whole. */
  dump(run: Run): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Replaces the whole content by the restore point's, and compares the result with what the manifest says. @throws AppError `database.import`. */
  import(content: AsyncIterable<Uint8Array>, run: Run): Promise<void>
  /** Replaces the whole content by what `dump` gave before. @throws AppError `database.import`. */
  importKept(content: AsyncIterable<Uint8Array>, run: Run): Promise<void>
  /** Drops all that is in it: how an empty database is brought back. */
  clear(run: Run): Promise<void>
}

/** Dumps the present content to `file`, compressed; false where there is none. The file is whole when this returns. */
export async function keepDatabase(database: RestoreDatabase, file: string, run: Run): Promise<boolean> {
  const content = await database.dump(run)
  if (content === undefined) return false
  try {
    await pipeline(Readable.from(content, { objectMode: false }), createZstdCompress(), createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }), { signal: run.signal })
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('database.dump', `The present content of ${database.label} could not be kept: ${messageOf(cause)}`, { hint: 'Nothing was changed. Free space beside the target, or look at the database server\'s log.', cause })
  }
  return true
}

/** The content that `keepDatabase` wrote. */
export function keptDatabase(file: string): AsyncIterable<Uint8Array> {
  const raw = createReadStream(file)
  const plain = createZstdDecompress()
  raw.on('error', (error) => plain.destroy(error))
  return raw.pipe(plain)
}
