import { Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'
import { contentOf } from './member-stream.ts'

/**
 * A folder of a restore point as a zip, made while it is sent. Names that are no text get the sign for unknown ones; links and
 * devices are left out, as other programs would follow them. What does not match its record breaks the stream off.
 */
export function zipOfFolder(vault: Vault, id: string, path: string, run: Run): ReadableStream<Uint8Array> {
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  const prefix = path === '' ? '' : `${path}/`
  const zip = new ZipFile()
  const fill = async (): Promise<void> => {
    const inner: Run = { signal, emit: (event) => run.emit(event), now: () => run.now() }
    for await (const entry of vault.open(id, (candidate) => candidate === path || candidate.startsWith(prefix), inner, 'content')) {
      signal.throwIfAborted()
      const name = zipName(entry.path.slice(prefix.length))
      if (name === undefined || entry.path === '.' || entry.path === path) continue
      const options = { mtime: new Date(Number(entry.mtimeNs / 1_000_000n)), mode: entry.mode & 0o777 }
      if (entry.kind === 'dir') zip.addEmptyDirectory(name, options)
      else if (entry.kind === 'file' && entry.hardlinkTo === undefined) await add(zip, name, Readable.from(contentOf(entry, signal), { objectMode: false }), options)
    }
    zip.end()
  }
  const output = Readable.toWeb(Readable.from(zip.outputStream)) as ReadableStream<Uint8Array>
  const reader = output.getReader()
  const filling = fill()
  let failure: unknown
  filling.catch((error: unknown) => {
    failure = error
    stop.abort()
    void reader.cancel().catch(() => undefined)
  })
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read()
      if (failure !== undefined) controller.error(failure)
      else if (done) controller.close()
      else controller.enqueue(value)
    },
    cancel() {
      stop.abort()
    },
  }, { highWaterMark: 2 })
}

/** Adds one file and waits until its content has been read: the next entry of an archive comes only then. */
async function add(zip: ZipFile, name: string, content: Readable, options: { readonly mtime: Date; readonly mode: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    content.once('error', reject)
    content.once('close', resolve)
    zip.addReadStream(content, name, options)
  })
}

/** A name that leads nowhere else, whoever unpacks it; undefined where nothing is left of it. */
function zipName(path: string): string | undefined {
  const parts = path.toWellFormed().split('/').filter((part) => part !== '' && part !== '.' && part !== '..').map((part) => part.replaceAll('\\', '_'))
  return parts.length === 0 ? undefined : parts.join('/')
}
