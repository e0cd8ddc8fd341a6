import { createHash } from 'node:crypto'
import { AppError, messageOf } from '../../kit/app-error.ts'
import { openContentFile } from '../../disk/content-file.ts'
import type { ContentFile } from '../../disk/content-file.ts'
import { openTreeWriter } from '../../disk/tree-writer.ts'
import type { TreeWriter } from '../../disk/tree-writer.ts'
import type { WriteProblem } from '../../model/entry-writer.ts'
import type { Entry } from '../../model/entry.ts'
import { breather } from '../breathe.ts'
import type { WriteOptions } from '../format.ts'
import { zerosOf } from '../zeros.ts'

const readBytes = 1024 * 1024

type Reading = { sizeBytes: number; sha256?: string; problem?: { code: string; message: string } }

/**
 * Writes entries as they are into a folder that does not exist yet, durably. Gives what the file system could not keep.
 * @throws AppError as TreeWriter; what lies in the folder then is the caller's to remove.
 */
export async function writeFolder(path: string, members: AsyncIterable<Entry>, options: WriteOptions): Promise<readonly WriteProblem[]> {
  const mayGiveAway = process.getuid?.() === 0
  await using writer = await openTreeWriter(path, { trusted: true, ownership: mayGiveAway ? 'numeric' : 'none', signal: options.signal })
  const missing = new Set<string>()
  for await (const entry of members) {
    options.signal.throwIfAborted()
    options.onMember(await writeMember(writer, entry, missing, options.signal))
  }
  for await (const entry of options.trailer()) await writer.write(entry, entry.open?.(options.signal))
  // Awaited here: the writer is closed when this function returns.
  return await writer.finish(options.signal)
}

async function writeMember(writer: TreeWriter, entry: Entry, missing: Set<string>, signal: AbortSignal): Promise<Parameters<WriteOptions['onMember']>[0]> {
  if (entry.kind === 'socket') {
    return { entry, sizeBytes: 0, leftOut: true, note: { code: 'archive.socket', message: `${entry.path} is a socket; its program makes it anew`, path: entry.path } }
  }
  if (entry.hardlinkTo !== undefined && missing.has(entry.hardlinkTo)) {
    return { entry, sizeBytes: 0, leftOut: true, problem: { code: 'source.unreadable', message: `${entry.path} is another name of ${entry.hardlinkTo}, which could not be read`, path: entry.path } }
  }
  if (entry.kind !== 'file' || entry.hardlinkTo !== undefined) {
    await writer.write(entry)
    return { entry, sizeBytes: 0, leftOut: false }
  }
  const reading: Reading = { sizeBytes: 0 }
  try {
    using file = entry.onDisk === undefined ? undefined : openContentFile(entry.onDisk, { dev: entry.dev, ino: entry.ino })
    await writer.write(entry, file === undefined ? streamed(entry, reading, signal) : fromDisk(entry, file, reading, signal))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'source.unreadable' || entry.onDisk === undefined) throw error
    missing.add(entry.path)
    return { entry, sizeBytes: 0, leftOut: true, problem: { code: error.code, message: messageOf(error), path: entry.path } }
  }
  return {
    entry, sizeBytes: reading.sizeBytes, leftOut: false,
    ...(reading.sha256 === undefined ? {} : { sha256: reading.sha256 }),
    ...(reading.problem === undefined ? {} : { problem: { ...reading.problem, path: entry.path } }),
  }
}

/** Exactly the stated size, whatever becomes of the file meanwhile. */
async function* fromDisk(entry: Entry, file: ContentFile, reading: Reading, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const sizeBytes = entry.size ?? file.size
  const sha = createHash('sha256')
  const breath = breather()
  for (let at = 0; at < sizeBytes; ) {
    const pause = breath()
    if (pause !== undefined) await pause
    signal.throwIfAborted()
    const bytes = new Uint8Array(Math.min(readBytes, sizeBytes - at))
    bytes.fill(0, file.readSync(bytes, at))
    sha.update(bytes)
    at += bytes.length
    yield bytes
  }
  if (file.changedSince(entry.mtimeNs, entry.ctimeNs, sizeBytes)) reading.problem = changed(entry)
  reading.sizeBytes = sizeBytes
  reading.sha256 = sha.digest('hex')
}

async function* streamed(entry: Entry, reading: Reading, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.open === undefined) throw new AppError('internal', `${entry.path} has no content to read`)
  const sha = createHash('sha256')
  for await (const bytes of entry.open(signal)) {
    signal.throwIfAborted()
    const left = entry.size === undefined ? bytes.length : entry.size - reading.sizeBytes
    const taken = bytes.length > left ? bytes.subarray(0, left) : bytes
    if (bytes.length > left) reading.problem = changed(entry)
    sha.update(taken)
    reading.sizeBytes += taken.length
    yield taken
    if (reading.problem !== undefined) break
  }
  for (const zeros of zerosOf((entry.size ?? 0) - reading.sizeBytes)) {
    reading.problem = changed(entry)
    sha.update(zeros)
    reading.sizeBytes += zeros.length
    yield zeros
  }
  reading.sha256 = sha.digest('hex')
}

function changed(entry: Entry): { code: string; message: string } {
  return { code: 'source.changed', message: `${entry.path} changed while it was read` }
}
