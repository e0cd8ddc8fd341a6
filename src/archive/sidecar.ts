import { AppError, messageOf } from '../kit/app-error.ts'
import { snapshotSchema } from '../model/restore-point.ts'
import type { Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { Storage } from '../model/storage.ts'
import { baseName } from './vault-context.ts'

const mostSidecarBytes = 1024 * 1024

const sidecarEnding = '.json'
const hashEnding = '.sha256'

/** What a sidecar tells of the archive at this key; undefined where there is none, or it is about something else. */
export async function readSidecar(storage: Storage, key: string, sizeBytes: number | undefined, signal: AbortSignal): Promise<Snapshot | undefined> {
  const text = await readSmall(storage, `${key}${sidecarEnding}`, signal)
  if (text === undefined) return undefined
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // It can be made again from the archive.
    return undefined
  }
  const snapshot = snapshotSchema.safeParse(json).data
  if (snapshot === undefined || snapshot.key !== key || (sizeBytes !== undefined && snapshot.sizeBytes !== sizeBytes)) return undefined
  return snapshot
}

/** The hash that stands beside an archive, in sha256sum's form; undefined where there is none. */
export async function readHash(storage: Storage, key: string, signal: AbortSignal): Promise<string | undefined> {
  const text = await readSmall(storage, `${key}${hashEnding}`, signal)
  return text === undefined ? undefined : /^\\?([0-9a-f]{64}) [ *]/.exec(text)?.[1]
}

/** Writes what lies beside an archive. It is never needed: where that fails, a note tells so. */
export async function writeSidecars(storage: Storage, snapshot: Snapshot, run: Run): Promise<void> {
  const { key, sha256 } = snapshot
  try {
    await putText(storage, `${key}${sidecarEnding}`, `${JSON.stringify(snapshot, undefined, 2)}\n`, run.signal)
    if (sha256 !== undefined) await putText(storage, `${key}${hashEnding}`, hashLine(sha256, baseName(key)), run.signal)
  } catch (error) {
    if (run.signal.aborted) throw error
    run.emit({ type: 'run.note', code: 'archive.sidecar', message: `What is known of ${key} could not be written beside it: ${messageOf(error)}`, path: key })
  }
}

export async function removeSidecars(storage: Storage, key: string, signal: AbortSignal): Promise<void> {
  await storage.remove(`${key}${sidecarEnding}`, signal)
  await storage.remove(`${key}${hashEnding}`, signal)
}

export async function putText(storage: Storage, key: string, text: string, signal: AbortSignal): Promise<void> {
  await storage.put(key, oneChunk(text), { replace: true, signal })
}

/** The text of a small stored file; undefined where it is missing or not small. */
export async function readSmall(storage: Storage, key: string, signal: AbortSignal): Promise<string | undefined> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  try {
    for await (const bytes of storage.get(key, undefined, signal)) {
      parts.push(bytes)
      sizeBytes += bytes.length
      if (sizeBytes > mostSidecarBytes) return undefined
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'storage.missing') return undefined
    throw error
  }
  return Buffer.concat(parts).toString('utf8')
}

/** GNU's form: a name with a backslash or a line end is escaped, and the line then begins with a backslash. */
function hashLine(sha256: string, name: string): string {
  const escaped = name.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
  return `${escaped === name ? '' : '\\'}${sha256}  ${escaped}\n`
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array, void, undefined> {
  yield Buffer.from(text)
}
