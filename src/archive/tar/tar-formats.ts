import type { ArchiveFormat } from '../format.ts'
import { findTail } from './find-tail.ts'
import { GzipContainer } from './gzip-container.ts'
import { readGzipTail, readTar, readZstdTail } from './read-tar.ts'
import { writeTar } from './write-tar.ts'
import { ZstdContainer } from './zstd-container.ts'

export const tarGzFormat: ArchiveFormat = {
  format: 'tar.gz',
  extension: '.tar.gz',
  encrypts: false,
  randomAccess: false,
  write: (members, options) => writeTar(members, options, new GzipContainer()),
  read: readTar,
  readTail: readGzipTail,
}

export const tarZstFormat: ArchiveFormat = {
  format: 'tar.zst',
  extension: '.tar.zst',
  encrypts: false,
  randomAccess: false,
  write: (members, options) => writeTar(members, options, new ZstdContainer()),
  read: readTar,
  readTail: readZstdTail,
  findTail,
}
