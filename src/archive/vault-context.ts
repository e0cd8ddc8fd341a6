import type { Secret } from '../kit/secret.ts'
import type { Format } from '../model/restore-point.ts'
import type { Storage } from '../model/storage.ts'

export type ArchiveVaultSettings = {
  readonly storage: Storage
  /** Of new restore points; all formats are read. */
  readonly format: Format
  /** Encrypts new restore points and opens those that are encrypted. */
  readonly password?: Secret
  /** Where records are put aside while an archive is written or read. Default: the system's. */
  readonly tempFolder?: string
}

/** The last part of a key. */
export function baseName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1)
}

/** A key beside another one. */
export function besideKey(key: string, name: string): string {
  return `${key.slice(0, key.lastIndexOf('/') + 1)}${name}`
}
