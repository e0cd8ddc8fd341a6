import type { Format } from '../model/restore-point.ts'
import type { ArchiveFormat } from './format.ts'
import { tarGzFormat, tarZstFormat } from './tar/tar-formats.ts'
import { zipFormat } from './zip/zip-format.ts'

/** The formats that make one file of a restore point. */
export const formats: Readonly<Record<Exclude<Format, 'folder'>, ArchiveFormat>> = {
  'zip': zipFormat,
  'tar.gz': tarGzFormat,
  'tar.zst': tarZstFormat,
}

/** The format that a key's extension tells; undefined for anything that is no archive. */
export function formatOfKey(key: string): ArchiveFormat | undefined {
  return Object.values(formats).find((format) => key.endsWith(format.extension))
}
