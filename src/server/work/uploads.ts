import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../kit/app-error.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import type { Upload, UploadAbout } from '../../model/api/settings.ts'
import { uploadSchema } from '../../model/api/settings.ts'
import { steadily } from '../http/steadily.ts'

/** What is not looked at any more goes. */
const keptMs = 7 * 24 * 3600 * 1000
/** So much stays free beside what is uploaded. */
const spareBytes = 256 * 1024 * 1024
/** A connection over which nothing comes for so long is dead; the browser comes again. */
const idleMs = 60_000

const recordSchema = z.object({ ...uploadSchema.shape, owner: z.string() })
type UploadRecord = z.infer<typeof recordSchema>

/**
 * Archives that a browser sends, in pieces of any size, each continued where the one before ended; durable, so that an upload goes
 * on after a restart of either side. The name of the file is ours: what the browser calls it is only shown.
 */
export class Uploads {
  readonly #folder: string
  readonly #now: () => Date
  /** Who writes now. */
  readonly #busy = new Map<string, { readonly stop: AbortController; readonly ended: Promise<void> }>()

  constructor(folder: string, now: () => Date) {
    this.#folder = folder
    this.#now = now
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    this.#removeOld()
    // What an earlier start of the server was checking is checked when somebody asks for it again.
    for (const id of readdirSync(folder)) {
      const record = this.#find(id)
      if (record?.state === 'checking') this.#write({ ...record, state: 'receiving' })
    }
  }

  /** @throws AppError `storage.full` where it would not fit. */
  async begin(request: { readonly app: string; readonly name: string; readonly sizeBytes: number }, owner: string): Promise<Upload> {
    this.#removeOld()
    const { bavail, bsize } = await statfs(this.#folder)
    if (request.sizeBytes + spareBytes > bavail * bsize) throw new AppError('storage.full', `There is no room for ${formatByteSize(request.sizeBytes)}: ${formatByteSize(Math.max(0, bavail * bsize - spareBytes))} are free`, { hint: 'Copy the archive to the machine in another way and name its path to "holdfast restore".' })
    const id = randomBytes(8).toString('hex')
    const record: UploadRecord = { id, ...request, receivedBytes: 0, state: 'receiving', owner }
    mkdirSync(join(this.#folder, id), { mode: 0o700 })
    this.#write(record)
    return this.get(id)
  }

  /**
   * Takes bytes from `offset` on, which must be where it ends so far. Who comes again after a broken connection takes the place of
   * the one before, whose end the server may not have heard of. @throws AppError `usage` with the place to go on from.
   */
  async receive(id: string, offset: number, body: AsyncIterable<Uint8Array>): Promise<Upload> {
    this.get(id)
    for (let before = this.#busy.get(id); before !== undefined; before = this.#busy.get(id)) {
      before.stop.abort()
      await before.ended
    }
    const record = this.get(id)
    if (record.state !== 'receiving') throw new AppError('usage', 'This upload takes no more now')
    if (offset !== record.receivedBytes) throw new AppError('usage', `The next byte is number ${record.receivedBytes}`)
    const stop = new AbortController()
    const { promise: ended, resolve: tellEnd } = Promise.withResolvers<void>()
    this.#busy.set(id, { stop, ended })
    let at = offset
    try {
      await using handle = await open(this.#file(record), 'a', 0o600)
      await handle.truncate(offset)
      try {
        for await (const bytes of steadily(body, { idleMs, signal: stop.signal })) {
          if (at + bytes.length > record.sizeBytes) throw new AppError('usage', 'There is more than was said')
          await handle.appendFile(bytes)
          at += bytes.length
        }
      } finally {
        await handle.sync()
      }
    } finally {
      this.#busy.delete(id)
      tellEnd()
    }
    return this.get(id)
  }

  /** Settles what the check has found. */
  settle(id: string, state: 'checking' | 'ready' | 'refused', found: { readonly text?: string; readonly about?: UploadAbout } = {}): Upload {
    const { text: _, about: __, ...record } = this.#read(id)
    const next: UploadRecord = { ...record, state, ...found }
    this.#write(next)
    return this.get(id)
  }

  /** @throws AppError `vault.unknown-point`. */
  get(id: string): Upload {
    const record = this.#read(id)
    const received = statSync(this.#file(record), { throwIfNoEntry: false })?.size ?? 0
    const { owner: _, ...upload } = record
    return { ...upload, receivedBytes: Math.min(received, record.sizeBytes) }
  }

  /** The file of one that was checked, for this application. @throws AppError `vault.unknown-point`, `usage`. */
  fileOf(id: string, app: string): string {
    const record = this.#read(id)
    if (record.app !== app || record.state !== 'ready') throw new AppError('usage', 'That upload is not ready to be restored')
    return this.#file(record)
  }

  path(id: string): string {
    return this.#file(this.#read(id))
  }

  remove(id: string): void {
    rmSync(join(this.#folder, this.#read(id).id), { recursive: true, force: true })
  }

  #read(id: string): UploadRecord {
    const record = this.#find(id)
    if (record === undefined) throw new AppError('vault.unknown-point', 'There is no such upload')
    return record
  }

  #find(id: string): UploadRecord | undefined {
    if (!/^[0-9a-f]{16}$/.test(id) || !existsSync(join(this.#folder, id, 'upload.json'))) return undefined
    try {
      return recordSchema.safeParse(JSON.parse(readFileSync(join(this.#folder, id, 'upload.json'), 'utf8'))).data
    } catch {
      // Cut short by a power cut.
      return undefined
    }
  }

  #write(record: UploadRecord): void {
    const path = join(this.#folder, record.id, 'upload.json')
    writeFileSync(`${path}.part`, JSON.stringify(record), { mode: 0o600 })
    renameSync(`${path}.part`, path)
  }

  /** Programs tell an archive by its bytes, but people by its ending; both see only letters of ours. */
  #file({ id, name }: Pick<UploadRecord, 'id' | 'name'>): string {
    const ending = /\.(?:zip|tar|tgz|tar\.gz|tar\.zst|gz|gpg|tar\.gz\.gpg)$/i.exec(name)?.[0].toLowerCase() ?? ''
    return join(this.#folder, id, `${createHash('sha256').update(name).digest('hex').slice(0, 12)}${ending}`)
  }

  #removeOld(): void {
    for (const id of readdirSync(this.#folder)) {
      const at = statSync(join(this.#folder, id), { throwIfNoEntry: false })?.mtimeMs ?? 0
      if (this.#now().getTime() - at > keptMs && !this.#busy.has(id)) rmSync(join(this.#folder, id), { recursive: true, force: true })
    }
  }
}
