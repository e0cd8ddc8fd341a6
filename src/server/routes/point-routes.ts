import { decodeName } from '../../disk/name-codec.ts'
import { AppError } from '../../kit/app-error.ts'
import type { PointDetail, Preview, TreePlace } from '../../model/api/browse.ts'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'
import { attachment, json, queryNumber } from '../http/answers.ts'
import { heldWhileRead } from '../http/held-while-read.ts'
import type { RequestContext, Route } from '../http/route.ts'
import { archiveDownload, isSingleFile } from '../work/archive-download.ts'
import { memberStream } from '../work/member-stream.ts'
import { zipOfFolder } from '../work/zip-of-folder.ts'

const previewBytes = 64 * 1024
const mostAtOnce = 1000

/** What is in restore points. Names and contents are the application's data: for operators, not for whoever may see how it stands. */
export const pointRoutes: readonly Route[] = ([
  {
    method: 'GET', path: '/api/apps/:app/points/:id', access: 'operator',
    async handle(context) {
      const { id, vault, run } = await opened(context)
      const { databases, leftOut, warnings, notes, without, host, program, preset } = await vault.manifest(id, run)
      return json({ databases, leftOut, warnings, notes, without, host, program, preset } satisfies PointDetail)
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/tree', access: 'operator',
    async handle(context) {
      const id = await indexed(context)
      return json(context.server.index.folder(id, pathOf(context, ''), queryNumber(context, 'cursor', { standard: 0, most: 1e9 }), queryNumber(context, 'limit', { standard: 200, most: mostAtOnce })))
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/tree/place', access: 'operator',
    async handle(context) {
      const name = context.query.get('name') ?? ''
      if (name === '') throw new AppError('usage', 'What does the name begin with?')
      const id = await indexed(context)
      const at = context.server.index.place(id, pathOf(context, ''), name, queryNumber(context, 'from', { standard: 0, most: 1e9 }))
      return json((at === undefined ? {} : { at }) satisfies TreePlace)
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/search', access: 'operator',
    async handle(context) {
      const words = context.query.get('q') ?? ''
      if (words === '') throw new AppError('usage', 'What is to be looked for?')
      const id = await indexed(context)
      return json(context.server.index.search(id, words, queryNumber(context, 'cursor', { standard: 0, most: 1e9 }), queryNumber(context, 'limit', { standard: 200, most: mostAtOnce })))
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/preview', access: 'operator', audit: 'preview',
    async handle(context) {
      const { id, vault, run } = await opened(context)
      const path = pathOf(context)
      return json(await preview(vault, id, path, run))
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/file', access: 'operator', audit: 'download',
    async handle(context) {
      const { id, vault, run } = await opened(context)
      const path = pathOf(context)
      const { body, sizeBytes } = await memberStream(vault, id, path, run)
      return new Response(body, { headers: { 'content-type': 'application/octet-stream', 'content-disposition': attachment(lastPart(path)), ...(sizeBytes === undefined ? {} : { 'content-length': String(sizeBytes) }) } })
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/folder.zip', access: 'operator', audit: 'download',
    async handle(context) {
      const { id, vault, run } = await opened(context)
      const path = pathOf(context, '')
      return zipResponse(zipOfFolder(vault, id, path, run), path === '' ? context.params['app'] ?? 'all' : lastPart(path))
    },
  },
  {
    method: 'GET', path: '/api/apps/:app/points/:id/download', access: 'operator', audit: 'download',
    async handle(context) {
      const { point, place, id, vault, run } = await opened(context)
      // What is no file of its own comes as a zip of all that is in it.
      if (!isSingleFile(point)) return zipResponse(zipOfFolder(vault, id, '', run), `${point.app}-${point.id}`)
      return await archiveDownload(point, place, context.request)
    },
  },
] satisfies Route[]).map(held)

/** What is read from a vault may take hours, and the settings may be changed meanwhile. */
function held(route: Route): Route {
  return {
    ...route,
    async handle(context) {
      const hold = context.server.configuration.hold()
      try {
        return heldWhileRead(await route.handle(context), hold)
      } catch (error) {
        hold[Symbol.dispose]()
        throw error
      }
    },
  }
}

function zipResponse(body: ReadableStream<Uint8Array>, name: string): Response {
  return new Response(body, { headers: { 'content-type': 'application/zip', 'content-disposition': attachment(`${name}.zip`) } })
}

async function opened({ params, query, server, signal }: RequestContext): Promise<{ id: string; vault: Vault; run: Run } & Awaited<ReturnType<RequestContext['server']['findPoint']>>> {
  const found = await server.findPoint(params['app'] ?? '', params['id'] ?? '', query.get('vault') ?? undefined)
  return { ...found, id: found.point.id, run: server.quietRun(signal) }
}

async function indexed(context: RequestContext): Promise<string> {
  const { id, vault } = await opened(context)
  // Goes on when the browser has gone meanwhile: it will come again.
  const run = context.server.quietRun(context.server.signal)
  await context.server.index.make(id, () => vault.open(id, () => true, run, 'metadata'))
  return id
}

async function preview(vault: Vault, id: string, path: string, run: Run): Promise<Preview> {
  const stop = new AbortController()
  const { body } = await memberStream(vault, id, path, { ...run, now: () => run.now(), emit: (event) => run.emit(event), signal: AbortSignal.any([run.signal, stop.signal]) })
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    sizeBytes += value.length
    if (sizeBytes > previewBytes) break
  }
  await reader.cancel()
  stop.abort()
  const bytes = Buffer.concat(parts)
  const begin = bytes.subarray(0, previewBytes)
  // A sign may be cut at the end.
  const text = new TextDecoder('utf-8').decode(begin, { stream: true })
  const isText = !begin.includes(0) && !text.includes('\uFFFD')
  return { path, ...(isText ? { text } : {}), cut: bytes.length > previewBytes }
}

/** The path that a request names: by its bytes (`key`), or as text. @throws AppError `usage`. */
function pathOf({ query }: RequestContext, standard?: string): string {
  const key = query.get('key')
  const path = key === null ? query.get('path') ?? standard : decodeName(Buffer.from(key, 'base64url'))
  if (path === undefined) throw new AppError('usage', 'Which path?')
  return path
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
