import { createHash } from 'node:crypto'
import { AppError } from '../kit/app-error.ts'
import { damaged } from './damaged.ts'
import type { Member } from './format.ts'
import type { PointSource } from './point-source.ts'
import { splitTrailer } from './split-trailer.ts'
import { trailerPart } from './trailer.ts'
import type { Trailer } from './trailer.ts'

type ReachOptions = { readonly signal: AbortSignal; readonly tempFolder?: string; readonly id?: string }

/**
 * The records and the manifest of a restore point without the rest of it, their own hash checked; undefined where only a
 * reading of all finds them. A place that was told and holds anything else is passed over in silence: it was a hint.
 * @throws with random access as readPoint, else only what the storage throws.
 */
export async function reachTrailer(source: PointSource, options: ReachOptions): Promise<Trailer | undefined> {
  if (source.randomAccess) return await readTrailer(source.read({ signal: options.signal, wanted: (path) => trailerPart(path) !== undefined }), 'among others', options)
  const { tail } = source
  if (tail === undefined) return undefined
  for (const by of ['hint', 'look'] as const) {
    try {
      const at = await tail.at(by, options.signal)
      if (at !== undefined) return await readTrailer(tail.read(at, options.signal), 'alone', options)
    } catch (error) {
      if (options.signal.aborted || !(error instanceof AppError) || !error.code.startsWith('archive.')) throw error
    }
  }
  return undefined
}

async function readTrailer(members: AsyncIterable<Member>, place: 'alone' | 'among others', { signal, tempFolder, id }: ReachOptions): Promise<Trailer> {
  const rest = splitTrailer(members, signal, tempFolder)
  try {
    while (true) {
      const { value, done } = await rest.next()
      if (done !== true) {
        if (place === 'alone') throw damaged(`${value.path} stands where only its records should`)
        continue
      }
      if (value === undefined) throw notOurs()
      return await checked(value, place === 'alone' ? id : undefined)
    }
  } finally {
    await rest.return(undefined)
  }
}

async function checked(trailer: Trailer, id: string | undefined): Promise<Trailer> {
  try {
    if (id !== undefined && !trailer.manifest.points.some((point) => point.id === id)) throw damaged('its records are of another restore point')
    await checkRecords(trailer)
    return trailer
  } catch (error) {
    trailer[Symbol.dispose]()
    throw error
  }
}

/** The records' own hash and number. */
export async function checkRecords(trailer: Trailer): Promise<void> {
  const sha = createHash('sha256')
  let lines = 0
  for await (const bytes of trailer.records.read()) {
    sha.update(bytes)
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) lines += 1
  }
  const { records, entries } = trailer.manifest
  if (sha.digest('hex') !== records.sha256) throw damaged('its records are not those that its manifest tells of')
  if (lines !== records.lines || lines !== entries) throw damaged('its records are not complete')
}

export function notOurs(): AppError {
  return new AppError('archive.foreign', 'This archive holds no records of a restore point', { hint: 'It was not made by Holdfast, or it was not finished.' })
}
