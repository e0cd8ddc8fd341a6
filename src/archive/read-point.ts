import { createHash, hash } from 'node:crypto'
import { AppError } from '../kit/app-error.ts'
import type { EntryRecord, Manifest } from '../model/restore-point.ts'
import type { OpenWhat, Selection } from '../model/vault.ts'
import { damaged } from './damaged.ts'
import { fromRecord, parseRecord, toRecord } from './entry-record.ts'
import type { Member } from './format.ts'
import type { PointSource } from './point-source.ts'
import { checkRecords, notOurs, reachTrailer } from './reach-trailer.ts'
import { splitTrailer } from './split-trailer.ts'
import { Spool } from './spool.ts'
import { lineBatches, textLines } from './text-lines.ts'
import type { Trailer } from './trailer.ts'

export type ReadPointOptions = {
  readonly signal: AbortSignal
  readonly tempFolder?: string
  /** `metadata`: from the records alone where they are reached, and nothing has content. Default: `content`. */
  readonly what?: OpenWhat
  /** Further names of a file have content where the archive has it for them: it is compared with that of the first name. */
  readonly furtherNames?: boolean
  /** Which restore point it must be, where that is known. */
  readonly id?: string
  /** Told of the manifest as soon as it is known: before the entries with random access, else after them. */
  onManifest?(manifest: Manifest): void
}

/**
 * The wanted entries of a restore point with their metadata. Whatever content is read to its end is compared with its
 * record, and all that was seen with the records: kinds, sizes, modes, times, links and the number of entries.
 * @throws AppError `archive.damaged`, at the end at the latest; `archive.foreign` where there are no records of ours;
 *   `archive.password`.
 */
export async function* readPoint(source: PointSource, selection: Selection, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  using trailer = await reachTrailer(source, options)
  if (trailer === undefined) yield* options.what === 'metadata' ? withoutContent(recordsLast(source, selection, options)) : recordsLast(source, selection, options)
  else if (options.what === 'metadata') yield* recordsAlone(trailer, selection, options)
  else if (source.randomAccess) yield* recordsFirst(source, trailer, selection, options)
  else yield* recordsKnown(source, trailer, selection, options)
}

/** The manifest alone. @throws as readPoint. */
export async function readManifest(source: PointSource, options: ReadPointOptions): Promise<Manifest> {
  {
    using trailer = await reachTrailer(source, options)
    if (trailer !== undefined) return trailer.manifest
  }
  let manifest: Manifest | undefined
  const entries = recordsLast(source, () => false, { ...options, onManifest: (found) => { manifest = found } })
  for await (const entry of entries) throw new AppError('internal', `${entry.path} was not asked for`)
  if (manifest === undefined) throw notOurs()
  return manifest
}

async function* recordsAlone(trailer: Trailer, selection: Selection, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  options.onManifest?.(trailer.manifest)
  for await (const lines of lineBatches(trailer.records.read())) {
    for (const line of lines) {
      const record = parseRecord(line)
      if (selection(record.path)) yield fromRecord(record)
    }
  }
}

async function* withoutContent(members: AsyncIterable<Member>): AsyncGenerator<Member, void, undefined> {
  for await (const { open: _, readWhole: _whole, unchecked: _unchecked, ...entry } of members) yield entry
}

/** All members, each compared with its record as it comes; at the end the archive's own trailer must be the one that was known. */
async function* recordsKnown(source: PointSource, known: Trailer, selection: Selection, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  const members = splitTrailer(source.read({ signal: options.signal }), options.signal, options.tempFolder)
  const batches = lineBatches(known.records.read())
  let lines: readonly string[] = []
  let at = 0
  /** The next record's line; undefined after the last. */
  const nextLine = (): string | undefined | Promise<string | undefined> => (at < lines.length ? lines[at++] : laterLine())
  const laterLine = async (): Promise<string | undefined> => {
    lines = (await batches.next()).value ?? []
    at = 1
    return lines[0]
  }
  let ended = false
  try {
    while (true) {
      const { value, done } = await members.next()
      if (done === true) {
        ended = true
        if (value === undefined) throw notOurs()
        using trailer = value
        await checkRecords(trailer)
        if (JSON.stringify(trailer.manifest) !== JSON.stringify(known.manifest)) throw damaged('its records are others than those that lie at its end')
        const missing = await nextLine()
        if (missing !== undefined) throw damaged(`${parseRecord(missing).path} is missing`)
        options.onManifest?.(trailer.manifest)
        return
      }
      const coming = nextLine()
      const line = typeof coming === 'string' ? coming : await coming
      if (line === undefined) throw damaged('it holds more than its records tell')
      const record = parseRecord(line)
      if (!isLike(value, record)) throw damaged(`${record.path} is missing, or not as its record tells`)
      if (selection(value.path)) yield new Watched(value, record).entry
    }
  } finally {
    if (!ended) await members.return(undefined)
  }
}

async function* recordsLast(source: PointSource, selection: Selection, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  using seen = new Spool(options.tempFolder)
  const members = splitTrailer(source.read({ signal: options.signal }), options.signal, options.tempFolder)
  let ended = false
  try {
    while (true) {
      const { value, done } = await members.next()
      if (done === true) {
        ended = true
        if (value === undefined) throw notOurs()
        using trailer = value
        await compareAll(trailer, seen)
        options.onManifest?.(trailer.manifest)
        return
      }
      const watch = new Watched(value)
      if (selection(value.path)) yield watch.entry
      seen.add(Buffer.from(`${comparable(toRecord(value, { sizeBytes: value.size ?? 0 }))}${watch.hash() ?? ''}\n`))
    }
  } finally {
    if (!ended) await members.return(undefined)
  }
}

async function* recordsFirst(source: PointSource, trailer: Trailer, selection: Selection, options: ReadPointOptions): AsyncGenerator<Member, void, undefined> {
  options.onManifest?.(trailer.manifest)
  const firstNames = options.furtherNames === true ? await recordsOfFirstNames(trailer) : undefined
  // Records come last of all, and an application may hold older ones: only those of this point are ours.
  const own = `.holdfast-${trailer.manifest.points[0]?.id ?? ''}/`
  const wanted = (path: string): boolean => !path.startsWith(own) && selection(path)
  const members = source.read({ signal: options.signal, wanted })[Symbol.asyncIterator]()
  try {
    let next = await members.next()
    for await (const line of textLines(trailer.records.read())) {
      const record = parseRecord(line)
      if (!wanted(record.path)) continue
      const member = next.done !== true && next.value.path === record.path ? next.value : undefined
      yield merged(record, member, firstNames)
      if (member !== undefined) next = await members.next()
    }
    if (next.done !== true) throw damaged(`${next.value.path} has no record, or stands in the wrong place`)
  } finally {
    await members.return?.()
  }
}

/** Metadata from the record, content from the member; compared as it is read. */
function merged(record: EntryRecord, member: Member | undefined, firstNames: ReadonlyMap<string, EntryRecord | undefined> | undefined): Member {
  const entry = fromRecord(record)
  const first = record.kind === 'file' && record.hardlinkTo !== undefined ? firstNames?.get(record.hardlinkTo) : undefined
  if (first !== undefined && member?.open !== undefined) return new Watched({ ...entry, open: member.open.bind(member) }, { ...first, path: record.path }).entry
  if (record.kind !== 'file' || record.hardlinkTo !== undefined) return entry
  const open = member?.open?.bind(member)
  if (member === undefined || open === undefined) throw damaged(`${record.path} is missing`)
  if (member.size !== undefined && member.size !== record.size) throw damaged(`${record.path} has ${member.size} bytes instead of ${record.size ?? 0}`)
  const { readWhole } = member
  const watch = new Watched({ ...entry, open, ...(readWhole === undefined ? {} : { readWhole }) }, record)
  return watch.entry
}

/** The records of files that have further names; as many as the program that saved them had to remember. */
async function recordsOfFirstNames(trailer: Trailer): Promise<Map<string, EntryRecord | undefined>> {
  const found = new Map<string, EntryRecord | undefined>()
  for await (const line of textLines(trailer.records.read())) {
    const { hardlinkTo } = parseRecord(line)
    if (hardlinkTo !== undefined) found.set(hardlinkTo, undefined)
  }
  if (found.size === 0) return found
  for await (const line of textLines(trailer.records.read())) {
    const record = parseRecord(line)
    if (record.hardlinkTo === undefined && found.has(record.path)) found.set(record.path, record)
  }
  return found
}

async function compareAll(trailer: Trailer, seen: Spool): Promise<void> {
  await checkRecords(trailer)
  const found = textLines(seen.read())
  for await (const line of textLines(trailer.records.read())) {
    const record = parseRecord(line)
    const { value, done } = await found.next()
    if (done === true) throw damaged(`${record.path} is missing`)
    const expected = comparable(record)
    // What was not read has no hash.
    if (value === expected || value === `${expected}${record.sha256 ?? ''}`) continue
    throw damaged(value.startsWith(expected) ? `${record.path} has other content than its record tells` : `${record.path} is missing, or not as its record tells`)
  }
  if ((await found.next()).done !== true) throw damaged('it holds more than its records tell')
}

/** Whether a member is what its record tells, as far as every format keeps it. */
function isLike(member: Member, record: EntryRecord): boolean {
  const size = member.kind === 'file' && member.hardlinkTo === undefined ? member.size ?? 0 : undefined
  return member.path === record.path && member.kind === record.kind && size === record.size && member.mode === record.mode
    && String(member.mtimeNs) === record.mtimeNs && member.linkTarget === record.linkTarget && member.hardlinkTo === record.hardlinkTo
}

/** What every format keeps of an entry, as one line. */
function comparable(record: EntryRecord): string {
  const { path, kind, size, mode, mtimeNs, linkTarget, hardlinkTo } = record
  return JSON.stringify([path, kind, size, mode, mtimeNs, linkTarget, hardlinkTo])
}

/** An entry whose content is hashed when it is read to its end. */
class Watched {
  readonly entry: Member
  #sha256: string | undefined

  /** With a record, content that differs from it is an error at its end. */
  constructor(entry: Member, record?: EntryRecord) {
    const open = entry.open?.bind(entry)
    const whole = entry.readWhole?.bind(entry)
    if (open === undefined) this.entry = entry
    else if (whole === undefined) this.entry = { ...entry, open: (signal) => this.#read(open, signal, record) }
    else {
      this.entry = {
        ...entry,
        open: (signal) => this.#read(open, signal, record),
        readWhole: () => this.#readWhole(whole, record),
        ...(record?.sha256 === undefined ? {} : { unchecked: { sha256: record.sha256, readWhole: whole } }),
      }
    }
  }

  /** Undefined where the content was not read to its end. */
  hash(): string | undefined {
    return this.#sha256
  }

  #readWhole(whole: () => Uint8Array | Promise<Uint8Array>, record: EntryRecord | undefined): Uint8Array | Promise<Uint8Array> {
    const told = (bytes: Uint8Array): Uint8Array => {
      this.#sha256 = hash('sha256', bytes)
      if (record !== undefined) requireLike(record, bytes.length, this.#sha256)
      return bytes
    }
    const bytes = whole()
    return bytes instanceof Uint8Array ? told(bytes) : bytes.then(told)
  }

  async *#read(open: (signal: AbortSignal) => AsyncIterable<Uint8Array>, signal: AbortSignal, record: EntryRecord | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    const sha = createHash('sha256')
    let sizeBytes = 0
    for await (const bytes of open(signal)) {
      sha.update(bytes)
      sizeBytes += bytes.length
      yield bytes
    }
    this.#sha256 = sha.digest('hex')
    if (record !== undefined) requireLike(record, sizeBytes, this.#sha256)
  }
}

function requireLike(record: EntryRecord, sizeBytes: number, sha256: string): void {
  if (sizeBytes !== record.size) throw damaged(`${record.path} has ${sizeBytes} bytes instead of ${record.size ?? 0}`)
  if (sha256 !== record.sha256) throw damaged(`${record.path} has other content than its record tells`)
}
