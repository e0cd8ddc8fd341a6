/**
 * Bytes to append, or bytes to write over earlier ones of the same body (a size that was not known in time).
 * A chunk is valid only until the next one is asked for: its memory is used again. Who keeps one copies it.
 */
export type BodyChunk = Uint8Array | { readonly at: number; readonly bytes: Uint8Array }
export type StoredItem = { readonly key: string; readonly sizeBytes: number; readonly modifiedAt: Date }
export type PutOptions = {
  /** False: an existing key is an error (`storage.exists`) and stays as it was. */
  readonly replace: boolean
  readonly signal: AbortSignal
  /** Asked after the body's last byte: the key that it really gets, with whether that one is replaced. */
  settle?(): { readonly key: string; readonly replace: boolean }
}

/**
 * A flat place for bytes: keys are relative paths with `/`, never `..` or absolute.
 * After `put` has returned, `get` and `list` see it, and a power cut does not lose it; before, nobody sees anything of it.
 */
export interface Storage extends AsyncDisposable {
  /** Set where keys are plain files below this folder of this machine: it may then be read with random access. */
  readonly root?: string
  /** @throws AppError `storage.exists`, `storage.full`, `storage.denied`, `storage.failed`; whatever `body` throws, with nothing left behind. */
  put(key: string, body: AsyncIterable<BodyChunk>, options: PutOptions): Promise<{ sizeBytes: number }>
  /** `range.end` is exclusive. @throws AppError `storage.missing`. */
  get(key: string, range: { start: number; end: number } | undefined, signal: AbortSignal): AsyncIterable<Uint8Array>
  /**
   * In no order; without temporary files. A folder below the place's own that may not be read is told to `onDenied` and passed
   * over; without that it is an error. A file system's `lost+found` is passed over in any case. @throws AppError `storage.denied`.
   */
  list(prefix: string, signal: AbortSignal, onDenied?: (folder: string) => void): AsyncIterable<StoredItem>
  /** A missing key is no error. */
  remove(key: string, signal: AbortSignal): Promise<void>
  /** Bytes free where known. */
  usage(signal: AbortSignal): Promise<{ freeBytes?: number }>
}
