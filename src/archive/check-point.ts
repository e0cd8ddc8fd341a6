import { AppError } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import type { DatabaseFacts, Manifest } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import type { CheckDepth, Finding } from '../model/vault.ts'
import { breather } from './breathe.ts'
import type { PointSource } from './point-source.ts'
import { readPoint } from './read-point.ts'
import type { ReadPointOptions } from './read-point.ts'

const tailBytes = 1024
const progressEveryMs = 100

/**
 * Reads a restore point and tells what is not as its records say. `full` reads every byte.
 * @throws AppError `archive.password`, `storage.*`, `interrupted`.
 */
export async function* checkPoint(id: string, source: PointSource, depth: CheckDepth, run: Run, options: ReadPointOptions): AsyncGenerator<Finding, void, undefined> {
  const tails = new Map<string, string>()
  let manifest: Manifest | undefined
  const remember = (found: Manifest): void => {
    manifest = found
    options.onManifest?.(found)
  }
  const progress = new Progress(run)
  const breath = breather()
  try {
    for await (const entry of readPoint(source, () => true, { ...options, onManifest: remember, furtherNames: depth === 'full' })) {
      const pause = breath()
      if (pause !== undefined) await pause
      run.signal.throwIfAborted()
      if (depth === 'full' && entry.open !== undefined) {
        const tail = await readAll(entry, run.signal, progress)
        if (entry.path.endsWith('.sql')) tails.set(entry.path, tail)
      }
      progress.file(entry.path)
    }
  } catch (error) {
    if (!(error instanceof AppError) || !damage.has(error.code)) throw error
    yield { id, code: error.code, message: error.message }
    return
  }
  if (depth === 'full' && manifest !== undefined) yield* dumpFindings(id, manifest, tails)
}

const damage = new Set(['archive.damaged', 'archive.foreign', 'archive.unsafe', 'archive.too-large'])

/** The line that a dump program writes last, and only when nothing failed. */
const lastLines: Readonly<Partial<Record<DatabaseFacts['engine'], RegExp>>> = {
  mariadb: /^-- Dump completed/m,
  postgresql: /^-- PostgreSQL database (?:cluster )?dump complete$/m,
}

function* dumpFindings(id: string, manifest: Manifest, tails: ReadonlyMap<string, string>): Generator<Finding, void, undefined> {
  for (const facts of manifest.databases) {
    const lastLine = lastLines[facts.engine]
    if (lastLine === undefined) continue
    const tail = tails.get(facts.path)
    if (tail === undefined) yield { id, code: 'archive.damaged', message: `The dump of ${facts.name} is missing`, path: facts.path }
    else if (facts.unclosed === undefined && !lastLine.test(tail)) yield { id, code: 'archive.damaged', message: `The dump of ${facts.name} is not complete`, path: facts.path }
  }
}

/** Reads content to its end and gives its last bytes as text. */
async function readAll(entry: Entry, signal: AbortSignal, progress: Progress): Promise<string> {
  let tail: Uint8Array = new Uint8Array(0)
  if (entry.open === undefined) return ''
  const keeps = entry.path.endsWith('.sql')
  for await (const bytes of entry.open(signal)) {
    progress.bytes(bytes.length, entry.path)
    if (!keeps) continue
    tail = bytes.length >= tailBytes ? bytes.slice(-tailBytes) : Uint8Array.from(Buffer.concat([tail, bytes]).subarray(-tailBytes))
  }
  return Buffer.from(tail).toString('utf8')
}

class Progress {
  readonly #run: Run
  #files = 0
  #bytes = 0
  #toldAt = 0

  constructor(run: Run) {
    this.#run = run
  }

  file(path: string): void {
    this.#files += 1
    this.#tell(path)
  }

  bytes(count: number, path: string): void {
    this.#bytes += count
    this.#tell(path)
  }

  #tell(path: string): void {
    const now = performance.now()
    if (now - this.#toldAt < progressEveryMs) return
    this.#toldAt = now
    this.#run.emit({ type: 'run.progress', files: this.#files, bytes: this.#bytes, path })
  }
}
