import type { DataRange } from '../model/entry.ts'

/** `deflate-raw`: level 6; `zstd`: one frame of level 3, with smaller tables, content size and checksum; `store`: as it is. */
export type Codec = 'store' | 'deflate-raw' | 'zstd'

/** Bytes of plain content that go into one job, about: large enough to compress well, small enough to hold many of them. */
export const chunkBytes = 1 * 1024 * 1024

/** With zstd: it looks further back than deflate. */
export const zstdChunkBytes = 2 * 1024 * 1024

/** Files up to this size are read in the workers, several in a job. */
export const smallFileBytes = 1024 * 1024

/** Bytes that the caller has read (and hashed) itself. The whole buffer behind them is given away, or `copied`, or lent. */
type BytesPiece = {
  readonly bytes: Uint8Array
  readonly copied?: true
  /** With output `each`: not compressed, whatever it holds. */
  readonly stored?: true
}

/** A whole local file, small enough for memory, that the worker opens, reads and hashes. */
export type FilePiece = {
  readonly onDisk: string
  readonly dev: number | undefined
  readonly ino: number | undefined
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint | undefined
  /** Stated size: what the piece gives, whatever the file's size is by then. */
  readonly sizeBytes: number
  /** Bytes that stand before the content (a header), and only where the file could be opened. */
  readonly before?: Uint8Array
  /** Zeros are added until the content's length is a multiple of this. */
  readonly padTo?: number
  /** Sparse: only these ranges are given, one after the other; the hash still covers the whole content. */
  readonly data?: readonly DataRange[]
}

export type Piece = BytesPiece | FilePiece

/** Memory that all threads see: what lies there goes to a worker and back without a copy and without garbage. */
export type Lent = Uint8Array<SharedArrayBuffer>

export type CompressJob = {
  readonly codec: Codec
  readonly pieces: readonly Piece[]
  /**
   * `joined`: the pieces' bytes are one run of plain bytes and the result one block of output (deflate: ended by a sync
   * flush, so that blocks can be put one after the other; a final empty block is the caller's).
   * `each`: every piece gets an output of its own (deflate: a finished stream, or the plain bytes where that is no longer).
   */
  readonly output: 'joined' | 'each'
  /** Memory that the pool has lent: outputs are put there while they fit. With `joined` pieces may lie in it too, with `each` not. */
  readonly lent?: Lent
  /** With output `each`: outputs that are not empty are encrypted as members of a zip, each with keys of its own. */
  readonly zipPassword?: string
}

export type PieceResult = {
  /** Of a file's content; undefined for bytes and for a file that is left out. */
  readonly sha256?: string
  /** Plain bytes of this piece: before, content, padding; 0 when left out. */
  readonly plainBytes: number
  /** Set with output `each`. */
  readonly crc32?: number
  readonly output?: Uint8Array
  /** With output `each`: the output is the plain bytes. */
  readonly stored?: boolean
  /** Could not be opened: nothing of it is in the output. */
  readonly leftOut: boolean
  readonly problem?: { readonly code: string; readonly message: string }
}

export type CompressResult = {
  /** Set with output `joined`. */
  readonly output?: Uint8Array
  /** Of all plain bytes, with output `joined`. */
  readonly crc32: number
  readonly plainBytes: number
  readonly pieces: readonly PieceResult[]
}

/** A zstd frame, or several, to be expanded to exactly this many bytes, into memory that both threads see: fresh buffers cost garbage. */
export type ExpandJob = { readonly frame: Uint8Array<SharedArrayBuffer>; readonly into: Uint8Array<SharedArrayBuffer>; readonly sizeBytes: number }

/** What the pool sends to a worker, and what comes back. */
export type ToWorker = { readonly id: number } & ({ readonly compress: CompressJob } | { readonly expand: ExpandJob })
export type FromWorker = { readonly id: number } & (
  | { readonly compressed: CompressResult; readonly used: readonly ArrayBuffer[] }
  | { readonly expanded: true }
  | { readonly failure: string }
)
