import { createHash } from 'node:crypto'
import { Spool } from './spool.ts'
import { toRecord } from './entry-record.ts'
import type { WrittenMember } from './format.ts'

/** Gathers the records of a restore point while it is written; memory stays flat. */
export class RecordWriter implements Disposable {
  readonly #spool: Spool
  readonly #sha = createHash('sha256')
  #lines = 0
  #contentBytes = 0

  constructor(tempFolder: string | undefined) {
    this.#spool = new Spool(tempFolder)
  }

  get lines(): number {
    return this.#lines
  }

  get contentBytes(): number {
    return this.#contentBytes
  }

  add(member: WrittenMember): void {
    const line = Buffer.from(`${JSON.stringify(toRecord(member.entry, member))}\n`)
    this.#sha.update(line)
    this.#spool.add(line)
    this.#lines += 1
    this.#contentBytes += member.sizeBytes
  }

  /** Nothing can be added afterwards. */
  finish(): { readonly sha256: string; readonly sizeBytes: number; readonly content: () => AsyncIterable<Uint8Array> } {
    return { sha256: this.#sha.digest('hex'), sizeBytes: this.#spool.sizeBytes, content: () => this.#spool.read() }
  }

  [Symbol.dispose](): void {
    this.#spool[Symbol.dispose]()
  }
}
