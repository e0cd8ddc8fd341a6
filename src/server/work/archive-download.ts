import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { systemPath } from '../../disk/name-codec.ts'
import { AppError, systemCode } from '../../kit/app-error.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import { attachment } from '../http/answers.ts'

const readBytes = 1 << 18

/** Whether a restore point is one file of ours, which can be sent as it is. */
export function isSingleFile({ format, foreign }: Pick<Snapshot, 'format' | 'foreign'>): boolean {
  return format !== 'folder' && foreign === undefined
}

/**
 * A restore point's archive as it lies there, or the part of it that the request asks for (RFC 9110, 14.2), so that a download
 * that broke off goes on. @throws AppError `usage` for a point that is no single file, `vault.unknown-point` where another file
 * has taken its place.
 */
export async function archiveDownload(point: Snapshot, place: string, request: Request): Promise<Response> {
  if (!isSingleFile(point)) throw new AppError('usage', 'This restore point is no single file', { hint: 'Download a folder of it as zip.' })
  // Browsers go on with a download only where they can tell that the file is still the same; a rolling point's name is taken again.
  const tag = `"${point.id}-${point.sha256 ?? point.finishedAt}"`
  const handle = await openArchive(join(place, point.key), point.sizeBytes)
  const range = rangeOf(request.headers, tag, point.sizeBytes)
  if (range === undefined || request.method === 'HEAD') await handle.close()
  if (range === undefined) return new Response(null, { status: 416, headers: { 'content-range': `bytes */${point.sizeBytes}` } })
  const { start, end, isPart } = range
  return new Response(request.method === 'HEAD' ? null : bodyOf(handle, start, end), {
    status: isPart ? 206 : 200,
    headers: {
      'content-type': 'application/octet-stream', 'content-disposition': attachment(basename(point.key)), 'accept-ranges': 'bytes', 'etag': tag, 'content-length': String(end - start),
      ...(isPart ? { 'content-range': `bytes ${start}-${end - 1}/${point.sizeBytes}` } : {}),
    },
  })
}

/** The plain file of that length and no other: not what a symlink leads to, nor what lies there since. */
async function openArchive(path: string, sizeBytes: number): Promise<FileHandle> {
  let handle: FileHandle | undefined
  try {
    handle = await open(systemPath(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stats = await handle.stat()
    if (stats.isFile() && stats.size === sizeBytes) return handle
  } catch (cause) {
    await handle?.close()
    if (!['ENOENT', 'ELOOP', 'ENXIO'].includes(systemCode(cause) ?? '')) throw new AppError('storage.failed', 'The archive cannot be read', { cause })
    handle = undefined
  }
  await handle?.close()
  throw new AppError('vault.unknown-point', 'The archive of this restore point is not there any more', { hint: 'Load the list again: it was removed or replaced meanwhile.' })
}

/** Undefined where nothing of what is asked for is there. What is no single range is answered with the whole, as one may. */
function rangeOf(headers: Headers, tag: string, size: number): { readonly start: number; readonly end: number; readonly isPart: boolean } | undefined {
  const whole = { start: 0, end: size, isPart: false }
  const asked = /^bytes=(\d*)-(\d*)$/.exec(headers.get('range') ?? '')
  const condition = headers.get('if-range')
  if (asked === null || (asked[1] === '' && asked[2] === '') || (condition !== null && condition !== tag)) return whole
  const [, from = '', to = ''] = asked
  const start = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const end = from === '' || to === '' ? size : Math.min(size, Number(to) + 1)
  return start < end ? { start, end, isPart: true } : undefined
}

function bodyOf(handle: FileHandle, start: number, end: number): ReadableStream<Uint8Array> {
  let at = start
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const buffer = Buffer.allocUnsafe(Math.min(readBytes, end - at))
        const { bytesRead } = buffer.length === 0 ? { bytesRead: 0 } : await handle.read(buffer, 0, buffer.length, at)
        at += bytesRead
        if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead))
        if (at < end && bytesRead > 0) return
        if (at < end) throw new Error('the archive has become shorter')
      } catch (error) {
        await handle.close()
        throw error
      }
      await handle.close()
      controller.close()
    },
    async cancel() {
      await handle.close()
    },
  }, { highWaterMark: 2 })
}
