/** A file that was created and is open, with what is still to be done to it; its content lies in the batch. */
export type UnfinishedFile = {
  readonly fd: number
  /** Undefined: it stays with whoever runs this. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly mode: number
  /** Fits 64 bits. */
  readonly mtimeNs: bigint
  /** The 32 bytes that its content must have. */
  readonly sha256: Uint8Array
}

/**
 * What went wrong with the file of this number. `damaged`: its content is another. `failed`: the system refused it. Then it
 * is still open, unless `closed`. `problem`: it is there, and something could not be kept.
 */
export type FileTrouble = { readonly file: number } & (
  | { readonly kind: 'damaged' }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string; readonly closed: boolean }
  | { readonly kind: 'problem'; readonly code: string; readonly message: string }
)

/** Whose a batch is. `idle`: it may be filled; `given`: to be finished; `taken`: somebody is at it. */
export const batchState = { idle: 0, given: 1, taken: 2 } as const

/** A content that is larger does not fit. */
export const largestContent = 1024 * 1024
const mostFiles = 32
// Given away so early that both threads have something to do.
const enoughBytes = 256 * 1024

const stateBytes = 16
const numbersAt = stateBytes
const numbersOfFile = 6
const timesAt = numbersAt + mostFiles * numbersOfFile * 8
const hashesAt = timesAt + mostFiles * 8
const contentAt = Math.ceil((hashesAt + mostFiles * 32) / 64) * 64
const none = -1

export const batchBytes = contentAt + largestContent + enoughBytes

/** Files in memory that two threads see. Only whom its state names may touch anything but the state. */
export class FileBatch {
  readonly state: Int32Array<SharedArrayBuffer>
  readonly #numbers: Float64Array
  readonly #times: BigInt64Array
  readonly #hashes: Uint8Array
  readonly #content: Uint8Array

  constructor(memory: SharedArrayBuffer) {
    this.state = new Int32Array(memory, 0, stateBytes / 4)
    this.#numbers = new Float64Array(memory, numbersAt, mostFiles * numbersOfFile)
    this.#times = new BigInt64Array(memory, timesAt, mostFiles)
    this.#hashes = new Uint8Array(memory, hashesAt, mostFiles * 32)
    this.#content = new Uint8Array(memory, contentAt)
  }

  get count(): number {
    return this.state[1] ?? 0
  }

  /** True where nothing more should be put in. */
  get isFull(): boolean {
    return this.count === mostFiles || this.#usedBytes >= enoughBytes
  }

  empty(): void {
    this.state.fill(0, 1)
  }

  /** Copies the content. It must not be full, and the content not larger than `largestContent`. */
  add(file: UnfinishedFile, content: Uint8Array): void {
    const { count } = this
    const start = this.#usedBytes
    this.#numbers.set([file.fd, file.uid ?? none, file.gid ?? none, file.mode, start, content.length], count * numbersOfFile)
    this.#times[count] = file.mtimeNs
    this.#hashes.set(file.sha256, count * 32)
    this.#content.set(content, start)
    this.state[1] = count + 1
    // Between shared memory V8 copies byte by byte where the one place is aligned and the other is not; tar aligns its members.
    this.state[2] = start + Math.ceil(content.length / 64) * 64
  }

  file(index: number): UnfinishedFile & { readonly content: Uint8Array } {
    const [fd = none, uid = none, gid = none, mode = 0, start = 0, length = 0] = this.#numbers.subarray(index * numbersOfFile)
    return {
      fd,
      uid: uid === none ? undefined : uid,
      gid: gid === none ? undefined : gid,
      mode,
      mtimeNs: this.#times[index] ?? 0n,
      sha256: this.#hashes.subarray(index * 32, index * 32 + 32),
      content: this.#content.subarray(start, start + length),
    }
  }

  /** Takes the place of the contents, which are not needed any more. */
  putTroubles(troubles: readonly FileTrouble[]): void {
    const bytes = troubles.length === 0 ? new Uint8Array(0) : Buffer.from(JSON.stringify(troubles))
    this.#content.set(bytes)
    this.state[3] = bytes.length
  }

  troubles(): readonly FileTrouble[] {
    const length = this.state[3] ?? 0
    return length === 0 ? [] : JSON.parse(Buffer.from(this.#content.slice(0, length)).toString('utf8')) as FileTrouble[]
  }

  get #usedBytes(): number {
    return this.state[2] ?? 0
  }
}
