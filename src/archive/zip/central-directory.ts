import { createHash } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'

const pageBytes = 256 * 1024

/**
 * The central directory as it grows. It can be written only at the end, so what is full is kept compressed: a million
 * members then need some 30 MB instead of 150.
 */
export class CentralDirectory {
  readonly #pages: Uint8Array[] = []
  readonly #sha = createHash('sha256')
  #page = Buffer.alloc(pageBytes)
  #used = 0
  #sizeBytes = 0
  #records = 0

  add(record: Uint8Array): void {
    this.#sha.update(record)
    this.#records += 1
    this.#sizeBytes += record.length
    if (this.#used + record.length > this.#page.length) this.#fold()
    // A record has at most 46 bytes and three fields of 65,535.
    this.#page.set(record, this.#used)
    this.#used += record.length
  }

  /** All records in order; the last thing that is asked of it. */
  *bytes(): Generator<Uint8Array, void, undefined> {
    for (const page of this.#pages.splice(0)) yield inflateRawSync(page)
    yield this.#page.subarray(0, this.#used)
  }

  facts(): { sizeBytes: number; records: number; sha256: string } {
    return { sizeBytes: this.#sizeBytes, records: this.#records, sha256: this.#sha.copy().digest('hex') }
  }

  #fold(): void {
    this.#pages.push(new Uint8Array(deflateRawSync(this.#page.subarray(0, this.#used), { level: 1 })))
    this.#used = 0
  }
}
