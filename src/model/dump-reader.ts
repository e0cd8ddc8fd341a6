import type { DatabaseFacts } from './restore-point.ts'

/** What a dump's text tells of it. */
export type DumpVerdict = {
  /** Why it cannot be whole; undefined where nothing speaks against it. */
  readonly fault?: string
  /** It ends with the closing line of a program that writes one. Without it nothing proves that its end is there. */
  readonly closed: boolean
  /** The database that it was taken from, where its heading says so. */
  readonly database?: string
  readonly version?: string
  readonly tables: DatabaseFacts['tables']
  readonly sizeBytes: number
}

/** Judges a dump of whatever program as its bytes pass. */
export interface DumpReader {
  write(bytes: Uint8Array): void
  /** Once, after the last byte. */
  end(): DumpVerdict
}
