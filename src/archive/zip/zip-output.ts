import { crc32 } from 'node:zlib'
import type { BodyChunk } from '../../model/storage.ts'
import { CentralDirectory } from './central-directory.ts'
import { endRecords } from './end-records.ts'
import type { AesContent } from './winzip-aes.ts'
import { centralRecord, localHeader } from './zip-headers.ts'
import type { ZipContent, ZipMember } from './zip-member.ts'

type OpenMember = { readonly member: ZipMember; readonly offset: number; readonly cipher: AesContent | undefined; storedBytes: number; storedSum: number }

/** The archive's bytes in their order, counted, and the central directory that they ask for. */
export class ZipOutput {
  readonly #directory = new CentralDirectory()
  #position = 0
  #open: OpenMember | undefined

  /** A member whose whole content is at hand. */
  *whole(member: ZipMember, content: ZipContent, bytes: Uint8Array): Generator<BodyChunk, void, undefined> {
    this.#directory.add(centralRecord(member, content, this.#position, crc32(bytes)))
    yield* this.#bytes(localHeader(member, content))
    yield* this.#bytes(bytes)
  }

  /** Starts a member whose sums and sizes come later; `before` goes ahead of its content (salt and verifier). */
  *begin(member: ZipMember, content: ZipContent, before: Uint8Array, cipher: AesContent | undefined): Generator<BodyChunk, void, undefined> {
    this.#open = { member, offset: this.#position, cipher, storedBytes: 0, storedSum: 0 }
    yield* this.#bytes(localHeader(member, content))
    yield* this.#stored(before)
  }

  /** Takes the whole buffer. */
  *more(bytes: Uint8Array): Generator<BodyChunk, void, undefined> {
    const cipher = this.#open?.cipher
    if (cipher === undefined) {
      yield* this.#stored(bytes)
      return
    }
    const cipherText = cipher.encrypt(bytes)
    // Buffers wait long for the garbage collector.
    if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0)
    yield* this.#stored(cipherText)
  }

  /** Ends it, and writes its header anew. */
  *end(content: Omit<ZipContent, 'storedBytes'>): Generator<BodyChunk, void, undefined> {
    const open = this.#open
    if (open === undefined) return
    if (open.cipher !== undefined) yield* this.#stored(open.cipher.mac())
    this.#open = undefined
    const facts = { ...content, storedBytes: open.storedBytes }
    yield { at: open.offset, bytes: localHeader(open.member, facts) }
    this.#directory.add(centralRecord(open.member, facts, open.offset, open.storedSum))
  }

  /** The central directory and the end of the archive. */
  *close(): Generator<BodyChunk, void, undefined> {
    const facts = { ...this.#directory.facts(), offset: this.#position }
    yield* this.#directory.bytes()
    yield endRecords(facts)
  }

  *#stored(bytes: Uint8Array): Generator<BodyChunk, void, undefined> {
    if (this.#open !== undefined) {
      this.#open.storedBytes += bytes.length
      this.#open.storedSum = crc32(bytes, this.#open.storedSum)
    }
    yield* this.#bytes(bytes)
  }

  *#bytes(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
    if (bytes.length === 0) return
    this.#position += bytes.length
    yield bytes
  }
}
