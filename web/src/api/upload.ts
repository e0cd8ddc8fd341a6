import type { Upload } from '../../../src/model/api/settings.ts'
import { fileMark, nextPiece, waitBeforeTry } from '../format/upload-plan.ts'
import { get, pathOf, post, ProblemError, request } from './request.ts'

const storageKey = (app: string): string => `holdfast-upload ${app}`

/**
 * Sends a file in pieces and waits until the server has checked it. The same file chosen again goes on where it was left, after a
 * break of the connection, of the page or of the server.
 *
 * @throws ProblemError
 */
export async function uploadArchive(app: string, file: File, onChange: (upload: Upload) => void, signal: AbortSignal): Promise<Upload> {
  let upload = await begun(app, file)
  remember(app, [fileMark(file), upload.id])
  onChange(upload)
  let tries = 0
  for (let piece = nextPiece(file.size, upload.receivedBytes); upload.state === 'receiving' && piece !== undefined; piece = nextPiece(file.size, upload.receivedBytes)) {
    signal.throwIfAborted()
    try {
      upload = await request<Upload>('PATCH', `${pathOf`api/uploads/${upload.id}`}?offset=${piece.from}`, { raw: file.slice(piece.from, piece.to), signal })
      tries = 0
    } catch (error) {
      const waitMs = isPassing(error) ? waitBeforeTry(tries) : undefined
      if (waitMs === undefined) throw error
      tries++
      await pause(waitMs, signal)
      // What has arrived of the piece counts; where nothing answers yet, the next try tells.
      upload = await get<Upload>(pathOf`api/uploads/${upload.id}`, signal).catch(() => upload)
    }
    onChange(upload)
  }
  while (upload.state === 'receiving' || upload.state === 'checking') {
    await pause(700, signal)
    upload = await get<Upload>(pathOf`api/uploads/${upload.id}`, signal)
    onChange(upload)
  }
  remember(app)
  return upload
}

async function begun(app: string, file: File): Promise<Upload> {
  const [mark, id] = remembered(app)
  if (id !== undefined && mark === fileMark(file)) {
    try {
      const known = await get<Upload>(pathOf`api/uploads/${id}`)
      if (known.sizeBytes === file.size && known.state !== 'refused') return known
    } catch {
      // It is gone: from the beginning.
    }
  }
  return await post<Upload>('api/uploads', { app, name: file.name, sizeBytes: file.size })
}

/** A private window may refuse both; then an upload begins anew. */
function remember(app: string, known?: readonly [mark: string, id: string]): void {
  try {
    if (known === undefined) localStorage.removeItem(storageKey(app))
    else localStorage.setItem(storageKey(app), JSON.stringify(known))
  } catch {
    // As above.
  }
}

function remembered(app: string): readonly (string | undefined)[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(storageKey(app)) ?? '[]')
    return Array.isArray(known) ? known.map(String) : []
  } catch {
    return []
  }
}

/** A break of the connection, a proxy without its server, or a piece that came twice. */
function isPassing(error: unknown): boolean {
  return error instanceof ProblemError && (error.status === 0 || error.status >= 502 || error.status === 400 && error.code === 'usage')
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }, { once: true })
  })
}
