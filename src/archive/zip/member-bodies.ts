import { crc32 } from 'node:zlib'
import { damaged } from '../damaged.ts'
import type { ArchiveWindow } from './archive-window.ts'
import { contentStart } from './local-header.ts'
import { macBytes, saltBytesOf, verifierBytes } from './winzip-aes.ts'
import type { AesContent } from './winzip-aes.ts'
import type { ZipDirectory } from './zip-directory.ts'
import { encryptedBytesLeast } from './zip-password.ts'
import type { ZipPassword } from './zip-password.ts'
import type { ZipRecord } from './zip-record.ts'

export type MemberBody = {
  /** Where the content lies, within the encryption. */
  readonly start: number
  readonly end: number
  readonly cipher: AesContent | undefined
  /** CRC-32 of what stands before it, for the sum of all stored bytes. */
  readonly sumBefore: number
}

/** Members that are looked at before they are asked for, while they are close to each other. */
const mostAhead = 16
const nearBytes = 512 * 1024

/** Opens the bodies of members. Keys take a millisecond each, so they are derived for members to come, by threads of their own. */
export class MemberBodies {
  readonly #window: ArchiveWindow
  readonly #directory: ZipDirectory
  readonly #password: ZipPassword
  readonly #prepared = new Map<ZipRecord, Promise<MemberBody>>()
  #wanted = false

  constructor(window: ArchiveWindow, directory: ZipDirectory, password: ZipPassword) {
    this.#window = window
    this.#directory = directory
    this.#password = password
  }

  /** @throws AppError `archive.damaged`, `archive.password`. */
  async open(record: ZipRecord): Promise<MemberBody> {
    // Preparing is of use only where contents are read at all.
    this.#wanted = true
    const prepared = this.#prepared.get(record)
    // A cipher works once.
    this.#prepared.delete(record)
    return prepared ?? this.#load(record)
  }

  /** The same records in the same order; encrypted ones to come are prepared. */
  async *ahead(records: AsyncIterable<ZipRecord>): AsyncGenerator<ZipRecord, void, undefined> {
    const queue: ZipRecord[] = []
    let queuedBytes = 0
    for await (const record of records) {
      queue.push(record)
      queuedBytes += record.storedBytes
      while (queue.length > 0 && !(this.#wanted && queue.length < mostAhead && queuedBytes < nearBytes)) {
        const next = queue.shift()
        if (next === undefined) break
        queuedBytes -= next.storedBytes
        yield next
        this.#prepared.delete(next)
      }
      if (queue.length > 0) this.#prepare(record)
    }
    for (const record of queue) {
      yield record
      this.#prepared.delete(record)
    }
  }

  #prepare(record: ZipRecord): void {
    if (record.encryption === 'none' || record.encryption === 'other' || !this.#password.isGiven) return
    const body = this.#load(record)
    // Told when it is opened; perhaps it never is.
    body.catch(() => undefined)
    this.#prepared.set(record, body)
  }

  async #load(record: ZipRecord): Promise<MemberBody> {
    const start = await contentStart(this.#window, this.#directory, record)
    const end = start + record.storedBytes
    const { encryption } = record
    if (encryption === 'none' || encryption === 'other') return { start, end, cipher: undefined, sumBefore: 0 }
    if (record.storedBytes < encryptedBytesLeast(encryption.strength)) throw damaged(`${record.path} is too short to be encrypted`)
    const contentAt = start + saltBytesOf(encryption.strength) + verifierBytes
    const before = await this.#window.read(start, contentAt)
    const cipher = await this.#password.open(before, encryption.strength)
    return { start: contentAt, end: end - macBytes, cipher, sumBefore: crc32(before) }
  }
}
