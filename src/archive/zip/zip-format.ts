import type { ArchiveFormat } from '../format.ts'
import { readZip } from './read-zip.ts'
import { writeZip } from './write-zip.ts'

export const zipFormat: ArchiveFormat = {
  format: 'zip',
  extension: '.zip',
  encrypts: true,
  randomAccess: true,
  write: writeZip,
  read: readZip,
}
