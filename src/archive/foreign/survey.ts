import { basename } from 'node:path'
import { AppError } from '../../kit/app-error.ts'
import type { DumpReader, DumpVerdict } from '../../model/dump-reader.ts'
import type { Run } from '../../model/run.ts'
import { breather } from '../breathe.ts'
import { toRecord } from '../entry-record.ts'
import type { Member } from '../format.ts'
import { Spool } from '../spool.ts'
import { manifestName, trailerPart } from '../trailer.ts'
import { placedAt } from './arrange-members.ts'
import type { Container } from './open-container.ts'

const mostTops = 1000
const mostTextBytes = 64 * 1024
const unsafePath = /(?:^|\/)\.{0,2}(?:\/|$)|\0/

export type SurveyOptions = {
  /** Members to look for; of one with a slash at its end what lies below it. */
  readonly marks: ReadonlySet<string>
  readonly texts: ReadonlySet<string>
  isDump(path: string): boolean
  openDump(): DumpReader
  readonly tempFolder?: string
}

/** What one whole reading of an archive has found. */
export type Survey = Disposable & {
  /** A record of each member, without hashes. */
  readonly records: Spool
  readonly found: ReadonlySet<string>
  readonly tops: ReadonlySet<string>
  readonly dumps: ReadonlyMap<string, DumpVerdict>
  readonly texts: ReadonlyMap<string, string>
  /** True where its last member is a manifest of ours. */
  readonly ours: boolean
}

/**
 * Reads every byte of the parts, so that all is checked that the packing can check, and gathers what recognisers ask for.
 * @throws AppError `archive.damaged`, `archive.unsafe` (a path that leads out), `archive.password`, `archive.foreign`.
 */
export async function survey(parts: readonly { readonly container: Container; readonly at: string }[], options: SurveyOptions, run: Run): Promise<Survey> {
  const records = new Spool(options.tempFolder)
  const gathered: Gathered = { records, found: new Set(), tops: new Set(), dumps: new Map(), texts: new Map(), ours: false, files: 0, bytes: 0 }
  try {
    for (const part of parts) {
      await surveyPart(part, gathered, options, run).catch((error: unknown) => {
        throw parts.length === 1 ? error : named(error, part.container)
      })
    }
    return { ...gathered, [Symbol.dispose]: () => records[Symbol.dispose]() }
  } catch (error) {
    records[Symbol.dispose]()
    throw error
  }
}

type Gathered = {
  readonly records: Spool
  readonly found: Set<string>
  readonly tops: Set<string>
  readonly dumps: Map<string, DumpVerdict>
  readonly texts: Map<string, string>
  ours: boolean
  files: number
  bytes: number
}

async function surveyPart({ container, at }: { readonly container: Container; readonly at: string }, gathered: Gathered, options: SurveyOptions, run: Run): Promise<void> {
  const { found, tops, records } = gathered
  const breath = breather()
  for await (const member of container.members(run.signal)) {
    const pause = breath()
    if (pause !== undefined) await pause
    run.signal.throwIfAborted()
    if (member.path !== '.' && unsafePath.test(member.path)) throw new AppError('archive.unsafe', `${container.path} holds "${member.path}", which leads out of it`, { hint: 'It is damaged, or made to do harm.' })
    const placed = placedAt(member, at)
    if (member.path !== '.' && tops.size < mostTops) tops.add(placedAt({ path: member.path.split('/', 1)[0] ?? '' }, at).path)
    for (const mark of options.marks) if (!found.has(mark) && (placed.path === mark || placed.path.startsWith(mark.endsWith('/') ? mark : `${mark}/`))) found.add(mark)
    // Ours end with it; within another archive it is what an earlier restore by hand has left.
    gathered.ours = trailerPart(member.path)?.name === manifestName
    const sizeBytes = await readMember(placed, gathered, options, run.signal)
    gathered.files += 1
    gathered.bytes += sizeBytes
    run.emit({ type: 'run.progress', files: gathered.files, bytes: gathered.bytes, path: placed.path })
    records.add(Buffer.from(`${JSON.stringify(toRecord(placed, { sizeBytes }))}\n`))
  }
}

/** Of several files an error must tell which. */
function named(error: unknown, container: Container): unknown {
  if (!(error instanceof AppError) || !error.code.startsWith('archive.')) return error
  return new AppError(error.code, `${basename(container.path)}: ${error.message}`, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) })
}

/** Reads a member's content; gives its size. */
async function readMember(member: Member, gathered: Gathered, options: SurveyOptions, signal: AbortSignal): Promise<number> {
  if (member.kind !== 'file' || member.open === undefined) return 0
  const dump = options.isDump(member.path) ? options.openDump() : undefined
  const text = options.texts.has(member.path) ? new TextStart() : undefined
  let sizeBytes = 0
  const take = (bytes: Uint8Array): void => {
    sizeBytes += bytes.length
    dump?.write(bytes)
    text?.write(bytes)
  }
  if (member.readWhole === undefined) for await (const bytes of member.open(signal)) take(bytes)
  else take(await member.readWhole())
  if (dump !== undefined) gathered.dumps.set(member.path, dump.end())
  if (text !== undefined) gathered.texts.set(member.path, text.toString())
  return sizeBytes
}

class TextStart {
  readonly #parts: Uint8Array[] = []
  #sizeBytes = 0

  write(bytes: Uint8Array): void {
    if (this.#sizeBytes >= mostTextBytes) return
    const part = Uint8Array.from(bytes.subarray(0, mostTextBytes - this.#sizeBytes))
    this.#parts.push(part)
    this.#sizeBytes += part.length
  }

  toString(): string {
    return Buffer.concat(this.#parts).toString('utf8')
  }
}
