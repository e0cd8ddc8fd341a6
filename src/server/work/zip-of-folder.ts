import { addAbortSignal, Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import type { Entry } from '../../model/entry.ts'
import type { Run } from '../../model/run.ts'
import type { Vault } from '../../model/vault.ts'
import { contentOf } from './member-stream.ts'

/**
 * A folder of a restore point as a zip, made while it is sent. Names that are no text get the sign for unknown ones; symlinks
 * and devices are left out, as other programs would follow them; each name of a file has its content. What does not match its record
 * breaks the stream off.
 */
export function zipOfFolder(vault: Vault, id: string, path: string, run: Run): ReadableStream<Uint8Array> {
  const stop = new AbortController()
  const signal = AbortSignal.any([run.signal, stop.signal])
  const inner: Run = { signal, emit: (event) => run.emit(event), now: () => run.now() }
  const zip = new ZipFile()
  const filling = fill(zip, vault, id, path, inner)
  let failure: unknown
  const output = Readable.from(zip.outputStream)
  filling.catch((error: unknown) => {
    failure = error
    output.destroy()
  })
  const chunks = output[Symbol.asyncIterator]()
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await chunks.next().catch((error: unknown) => {
        failure ??= error
        return { done: true as const, value: undefined }
      })
      if (failure !== undefined) {
        stop.abort()
        controller.error(failure)
      } else if (next.done === true) {
        controller.close()
      } else {
        controller.enqueue(next.value)
      }
    },
    async cancel() {
      stop.abort()
      output.destroy()
      await filling.then(undefined, () => undefined)
    },
  }, { highWaterMark: 2 })
}

/** First all that the archive has in its order, then round by round the further names of files, whose content stands under the first. */
async function fill(zip: ZipFile, vault: Vault, id: string, path: string, run: Run): Promise<void> {
  const prefix = path === '' ? '' : `${path}/`
  const taken = new Set<string>()
  let waiting: Entry[] = []
  for await (const entry of vault.open(id, (candidate) => candidate === path || candidate.startsWith(prefix), run, 'content')) {
    run.signal.throwIfAborted()
    const name = zipName(entry.path.slice(prefix.length))
    if (name === undefined || entry.path === '.' || entry.path === path) continue
    if (entry.kind === 'dir') zip.addEmptyDirectory(name, optionsOf(entry))
    else if (entry.kind === 'file' && entry.hardlinkTo !== undefined) waiting.push(entry)
    else if (entry.kind === 'file') await add(zip, free(name, taken), entry, entry, run.signal)
  }
  while (waiting.length > 0) {
    const round = new Map<string, Entry>()
    for (const entry of waiting) if (entry.hardlinkTo !== undefined && !round.has(entry.hardlinkTo)) round.set(entry.hardlinkTo, entry)
    const found = new Set<string>()
    for await (const first of vault.open(id, (candidate) => round.has(candidate), run, 'content')) {
      run.signal.throwIfAborted()
      const entry = round.get(first.path)
      const name = entry === undefined ? undefined : zipName(entry.path.slice(prefix.length))
      if (entry === undefined || name === undefined || first.kind !== 'file' || first.hardlinkTo !== undefined) continue
      found.add(first.path)
      await add(zip, free(name, taken), entry, first, run.signal)
    }
    // An archive of others may name a file that it does not hold.
    const done = new Set(round.values())
    waiting = waiting.filter((entry) => !done.has(entry) && found.has(entry.hardlinkTo ?? ''))
  }
  zip.end()
}

function optionsOf({ mtimeNs, mode }: Entry): { readonly mtime: Date; readonly mode: number } {
  return { mtime: new Date(Number(mtimeNs / 1_000_000n)), mode: mode & 0o777 }
}

/** Adds one file and waits until its content has been read: the next entry of an archive comes only then. */
async function add(zip: ZipFile, name: string, about: Entry, content: Entry, signal: AbortSignal): Promise<void> {
  const stream = addAbortSignal(signal, Readable.from(contentOf(content, signal), { objectMode: false }))
  await new Promise<void>((resolve, reject) => {
    stream.once('error', reject)
    stream.once('close', resolve)
    zip.addReadStream(stream, name, optionsOf(about))
  })
}

/** Names that differ only in what a zip cannot say must not hide each other. */
function free(name: string, taken: Set<string>): string {
  let unique = name
  for (let number = 2; taken.has(unique); number++) unique = `${name} (${number})`
  taken.add(unique)
  return unique
}

/** A name that leads nowhere else, whoever unpacks it; undefined where nothing is left of it. */
function zipName(path: string): string | undefined {
  const parts = path.toWellFormed().split('/').filter((part) => part !== '' && part !== '.' && part !== '..').map((part) => part.replaceAll('\\', '_'))
  // "C:…" would be the drive of another system.
  return parts.length === 0 ? undefined : parts.join('/').replace(/^([A-Za-z]):/, '$1_')
}
