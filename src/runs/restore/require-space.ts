import { statfsSync } from 'node:fs'
import { AppError } from '../../kit/app-error.ts'
import { formatByteSize } from '../../kit/byte-size.ts'
import type { RestorePreview } from './preview-restore.ts'

/** @throws AppError `restore.space` where what is to be unpacked does not fit on the file system of the folder. */
export function requireSpace(folder: string, { contentBytes, largestBytes }: Pick<RestorePreview, 'contentBytes' | 'largestBytes'>): void {
  const { bavail, blocks, bsize } = statfsSync(folder)
  // Holes take no room, but time: a sparse bomb would be read for days.
  if (largestBytes > blocks * bsize) {
    throw new AppError('restore.space', `The restore point holds a file of ${formatByteSize(largestBytes)}, larger than the whole file system of the target`, { hint: 'Restore on a larger file system, or chosen paths with --path.' })
  }
  const freeBytes = bavail * bsize
  if (contentBytes > freeBytes) {
    throw new AppError('restore.space', `The restore needs ${formatByteSize(contentBytes)} beside the target, and ${formatByteSize(freeBytes)} are free`, { hint: 'Free space there, or restore chosen paths with --path.' })
  }
}
