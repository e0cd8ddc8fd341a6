import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../../kit/app-error.ts'
import type { Snapshot } from '../../model/restore-point.ts'
import { attachment } from '../http/answers.ts'

/**
 * A restore point's archive as it lies there, or the part of it that the request asks for (RFC 9110, 14.2), so that a download
 * that broke off goes on. @throws AppError `usage` for a point that is no single file.
 */
export async function archiveDownload(point: Snapshot, place: string, request: Request): Promise<Response> {
  if (point.format === 'folder' || point.foreign !== undefined) throw new AppError('usage', 'This restore point is no single file', { hint: 'Download a folder of it as zip.' })
  const handle = await open(join(place, point.key), 'r')
  const { size } = await handle.stat()
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '')
  const start = range === null ? 0 : Number(range[1])
  const end = range === null || range[2] === '' || range[2] === undefined ? size : Math.min(size, Number(range[2]) + 1)
  if (start >= end && size > 0) {
    await handle.close()
    return new Response(null, { status: 416, headers: { 'content-range': `bytes */${size}` } })
  }
  let at = start
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const buffer = Buffer.allocUnsafe(Math.min(1 << 18, end - at))
      const { bytesRead } = buffer.length === 0 ? { bytesRead: 0 } : await handle.read(buffer, 0, buffer.length, at)
      at += bytesRead
      if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead))
      if (at < end && bytesRead > 0) return
      await handle.close()
      if (at < end) controller.error(new Error('the archive has become shorter'))
      else controller.close()
    },
    async cancel() {
      await handle.close()
    },
  }, { highWaterMark: 2 })
  return new Response(body, {
    status: range === null ? 200 : 206,
    headers: {
      'content-type': 'application/octet-stream', 'content-disposition': attachment(basename(point.key)), 'accept-ranges': 'bytes', 'content-length': String(end - start),
      ...(range === null ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    },
  })
}
