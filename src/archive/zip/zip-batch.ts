import { AppError } from '../../kit/app-error.ts'
import { encodeName } from '../../disk/name-codec.ts'
import type { Entry } from '../../model/entry.ts'
import type { BodyChunk } from '../../model/storage.ts'
import { chunkBytes } from '../compress-job.ts'
import type { CompressResult, Piece, PieceResult } from '../compress-job.ts'
import type { CompressPool } from '../compress-pool.ts'
import type { WrittenMember } from '../format.ts'
import type { MemberContent } from './member-content.ts'
import { memberNote } from './member-note.ts'
import { aesOverheadBytes } from './winzip-aes.ts'
import { zipMember } from './zip-member.ts'
import type { ZipContent, ZipKind } from './zip-member.ts'
import type { ZipOutput } from './zip-output.ts'

/** A step of writing, prepared in parallel: what it gives goes to the archive once all before it has. */
export type ZipPart = { readonly ready: Promise<(output: ZipOutput) => Iterable<BodyChunk>> }
type Item = (output: ZipOutput, results: readonly PieceResult[]) => Iterable<BodyChunk>

// With a password each takes about a millisecond.
const mostPieces = 128
const nothing: ZipContent = { deflated: false, encrypted: false, crc32: 0, plainBytes: 0, storedBytes: 0 }

/** Small members in their order, whose contents go to a worker as one job. */
export class ZipBatch {
  readonly #pool: CompressPool
  readonly #password: string | undefined
  readonly #onMember: (member: WrittenMember) => void
  #items: Item[] = []
  #pieces: Piece[] = []
  #plainBytes = 0

  constructor(pool: CompressPool, password: string | undefined, onMember: (member: WrittenMember) => void) {
    this.#pool = pool
    this.#password = password
    this.#onMember = onMember
  }

  isFull(): boolean {
    return this.#plainBytes >= chunkBytes || this.#pieces.length >= mostPieces || this.#items.length >= mostPieces * 8
  }

  isEmpty(): boolean {
    return this.#items.length === 0
  }

  /** A member of which nothing goes into the archive. */
  tell(entry: Entry, told: Omit<WrittenMember, 'entry' | 'sizeBytes'>): void {
    this.#items.push(() => {
      this.#onMember({ entry, sizeBytes: 0, ...told })
      return []
    })
  }

  addFolder(entry: Entry): void {
    this.#items.push((output) => {
      this.#onMember({ entry, sizeBytes: 0, leftOut: false, ...noteOf(entry) })
      return output.whole(zipMember(entry, 'dir', false), nothing, new Uint8Array(0))
    })
  }

  /** Stored: some programs read no compressed targets. */
  addLink(entry: Entry): void {
    const target = encodeName(entry.linkTarget ?? '')
    this.#add({ bytes: new Uint8Array(target), copied: true, stored: true }, (output, result) => {
      this.#onMember({ entry, sizeBytes: 0, leftOut: false, ...noteOf(entry) })
      return this.#whole(output, entry, 'symlink', result)
    })
  }

  /** A file that the worker opens. */
  addFile(entry: Entry, onDisk: string, sizeBytes: number): void {
    const { dev, ino, mtimeNs, ctimeNs } = entry
    this.#plainBytes += sizeBytes
    this.#add({ onDisk, dev, ino, mtimeNs, ctimeNs, sizeBytes }, (output, result) => {
      const problem = result.problem === undefined ? undefined : { problem: { ...result.problem, path: entry.path } }
      if (result.leftOut) {
        this.#onMember({ entry, sizeBytes: 0, leftOut: true, ...problem })
        return []
      }
      this.#onMember({ entry, sizeBytes: result.plainBytes, leftOut: false, ...problem, ...noteOf(entry), ...(result.sha256 === undefined ? undefined : { sha256: result.sha256 }) })
      return this.#whole(output, entry, 'file', result)
    })
  }

  /** Content that was read already, with its whole buffer. */
  addRead(entry: Entry, bytes: Uint8Array<ArrayBuffer>, content: MemberContent): void {
    const written = writtenFile(entry, content)
    this.#plainBytes += bytes.length
    this.#add({ bytes }, (output, result) => {
      this.#onMember(written)
      return this.#whole(output, entry, 'file', result)
    })
  }

  take(): ZipPart {
    const items = this.#items
    const pieces = this.#pieces
    this.#items = []
    this.#pieces = []
    this.#plainBytes = 0
    const pool = this.#pool
    const lent = pieces.length === 0 ? undefined : pool.lend()
    const job = { codec: 'deflate-raw', output: 'each', pieces, ...(lent === undefined ? undefined : { lent }), ...(this.#password === undefined ? undefined : { zipPassword: this.#password }) } as const
    const result: Promise<Pick<CompressResult, 'pieces'>> = pieces.length === 0 ? Promise.resolve({ pieces: [] }) : pool.compress(job)
    return {
      ready: result.then((done) => function* (output) {
        yield* flow(items, output, done.pieces)
        // Whoever asks for more is done with the outputs.
        if (lent !== undefined) pool.takeBack(lent)
      }),
    }
  }

  #add(piece: Piece, item: (output: ZipOutput, result: PieceResult) => Iterable<BodyChunk>): void {
    const index = this.#pieces.push(piece) - 1
    this.#items.push((output, results) => {
      const result = results[index]
      if (result === undefined) throw new AppError('internal', 'A compress worker gave no result for a member')
      return item(output, result)
    })
  }

  #whole(output: ZipOutput, entry: Entry, kind: ZipKind, result: PieceResult): Iterable<BodyChunk> {
    const bytes = result.output ?? new Uint8Array(0)
    const encrypted = this.#password !== undefined && bytes.length >= aesOverheadBytes
    const content: ZipContent = {
      deflated: result.stored !== true,
      encrypted,
      crc32: encrypted ? 0 : (result.crc32 ?? 0),
      plainBytes: result.plainBytes,
      storedBytes: bytes.length,
    }
    return output.whole(zipMember(entry, kind, false), content, bytes)
  }
}

/** What is told of a file that was read here, once its last chunk was. */
export function writtenFile(entry: Entry, content: MemberContent): WrittenMember {
  const problem = content.problem === undefined ? undefined : { problem: { ...content.problem, path: entry.path } }
  // A further name's content is counted with its first.
  const facts = entry.hardlinkTo === undefined ? { sizeBytes: content.sizeBytes, sha256: content.sha256() } : { sizeBytes: 0 }
  return { entry, leftOut: false, ...facts, ...problem, ...noteOf(entry) }
}

function noteOf(entry: Entry): Pick<WrittenMember, 'note'> {
  const note = memberNote(entry)
  return note === undefined ? {} : { note }
}

function* flow(items: readonly Item[], output: ZipOutput, results: readonly PieceResult[]): Generator<BodyChunk, void, undefined> {
  for (const item of items) yield* item(output, results)
}
