import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Metadata } from './entry-metadata.ts'
import { writeFailure } from './write-failure.ts'

/**
 * A folder that was written: which one it is, what its entry said (nothing for a parent that had none), and how often
 * the folder of this path had been replaced before.
 */
export type FolderRecord = { readonly path: string; readonly dev: bigint; readonly ino: bigint; readonly removals: number; readonly metadata: Metadata | undefined }

const maxInMemory = 1 << 20
const firstBytes = 16 * 1024

/**
 * Keeps folders until their metadata can be set. In memory they take eight bytes each and at most a MiB more; what is
 * beyond lies in a temporary file that has no name any more.
 */
export class FolderRecords implements Disposable {
  /** Where each record lies, by depth, so that the deepest can be taken first. */
  readonly #offsets: number[][] = []
  // Its own: a small buffer is a piece of a larger one, which it would keep from being freed.
  #memory = Buffer.allocUnsafeSlow(firstBytes)
  #memoryBytes = 0
  #fileBytes = 0
  #fd: number | undefined

  add(record: FolderRecord): void {
    const text = Buffer.from(JSON.stringify(pack(record)))
    const depth = record.path === '.' ? 0 : record.path.split('/').length
    const ofDepth = (this.#offsets[depth] ??= [])
    ofDepth.push(this.#fileBytes + this.#memoryBytes)
    this.#makeRoom(4 + text.length)
    this.#memory.writeUInt32LE(text.length, this.#memoryBytes)
    this.#memory.set(text, this.#memoryBytes + 4)
    this.#memoryBytes += 4 + text.length
    if (this.#memoryBytes > maxInMemory) this.#spill()
  }

  /** The deepest first; of one depth in the order in which they were added. */
  * deepestFirst(): Generator<FolderRecord, void, undefined> {
    const rest = this.#memory.subarray(0, this.#memoryBytes)
    for (const offsets of this.#offsets.toReversed()) {
      for (const offset of offsets ?? []) {
        const length = this.#read(offset, 4, rest).readUInt32LE()
        yield unpack(JSON.parse(this.#read(offset + 4, length, rest).toString('utf8')) as Packed)
      }
    }
  }

  [Symbol.dispose](): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }

  #makeRoom(bytes: number): void {
    if (this.#memoryBytes + bytes <= this.#memory.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#memory.length * 2, this.#memoryBytes + bytes))
    larger.set(this.#memory.subarray(0, this.#memoryBytes))
    this.#memory = larger
  }

  #spill(): void {
    try {
      this.#fd ??= openNameless()
      const bytes = this.#memory.subarray(0, this.#memoryBytes)
      for (let at = 0; at < bytes.length;) at += writeSync(this.#fd, bytes, at, bytes.length - at, this.#fileBytes + at)
      this.#fileBytes += bytes.length
      this.#memoryBytes = 0
    } catch (error) {
      throw writeFailure(error, `the temporary folder ${tmpdir()}`)
    }
  }

  #read(offset: number, length: number, rest: Buffer): Buffer {
    if (this.#fd === undefined || offset >= this.#fileBytes) return rest.subarray(offset - this.#fileBytes, offset - this.#fileBytes + length)
    const bytes = Buffer.alloc(length)
    if (readSync(this.#fd, bytes, 0, length, offset) !== length) throw new Error('the record of folders is cut short')
    return bytes
  }
}

function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-folders-'))
  try {
    return openSync(join(folder, 'records'), 'wx+', 0o600)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Packed = { path: string; dev: string; ino: string; removals: number; metadata?: Omit<Metadata, 'mtimeNs' | 'atimeNs' | 'xattrs'> & { mtime: string; atime?: string; attributes?: [string, string][] } }

function pack({ path, dev, ino, removals, metadata }: FolderRecord): Packed {
  const packed = { path, dev: String(dev), ino: String(ino), removals }
  if (metadata === undefined) return packed
  const { kind, mode, mtimeNs, atimeNs, uid, gid, user, group, xattrs } = metadata
  return {
    ...packed,
    metadata: {
      path, kind, mode, mtime: String(mtimeNs),
      ...(atimeNs === undefined ? undefined : { atime: String(atimeNs) }),
      ...(uid === undefined ? undefined : { uid }),
      ...(gid === undefined ? undefined : { gid }),
      ...(user === undefined ? undefined : { user }),
      ...(group === undefined ? undefined : { group }),
      ...(xattrs === undefined ? undefined : { attributes: [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')] as [string, string]) }),
    },
  }
}

function unpack({ path, dev, ino, removals, metadata }: Packed): FolderRecord {
  const folder = { path, dev: BigInt(dev), ino: BigInt(ino), removals }
  if (metadata === undefined) return { ...folder, metadata: undefined }
  const { mtime, atime, attributes, ...rest } = metadata
  return {
    ...folder,
    metadata: {
      ...rest,
      mtimeNs: BigInt(mtime),
      ...(atime === undefined ? undefined : { atimeNs: BigInt(atime) }),
      ...(attributes === undefined ? undefined : { xattrs: new Map(attributes.map(([name, value]) => [name, Buffer.from(value, 'base64')])) }),
    },
  }
}
