import type { Entry } from '../model/entry.ts'
import { manifestSchema } from '../model/restore-point.ts'
import type { Manifest } from '../model/restore-point.ts'
import { AppError } from '../kit/app-error.ts'
import { damaged } from './damaged.ts'
import { Spool } from './spool.ts'

const pattern = /^\.holdfast-([0-9a-f]{16})\/(records\.ndjson|manifest\.json)$/
// Read into memory, where lists and texts take many times as much; a hundred thousand tables need less.
const mostManifestBytes = 16 * 1024 * 1024

export const recordsName = 'records.ndjson'
export const manifestName = 'manifest.json'

/** Where the records of a point lie in its archive. */
export function trailerFolder(id: string): string {
  return `.holdfast-${id}`
}

/** The id and the name where the path could be one of a restore point's last members. */
export function trailerPart(path: string): { readonly id: string; readonly name: string } | undefined {
  const [, id, name] = pattern.exec(path) ?? []
  return id === undefined || name === undefined ? undefined : { id, name }
}

/** Records and manifest as they were found at an archive's end; the manifest's place and id already checked. */
export type Trailer = Disposable & { readonly manifest: Manifest; readonly records: Spool }

/**
 * Makes a trailer of the last two members.
 * @throws AppError `archive.damaged`.
 */
export async function makeTrailer(id: string, records: Spool, manifest: Spool): Promise<Trailer> {
  const parsed = parseManifest(await spooledText(manifest))
  if (parsed.points[0]?.id !== id || parsed.records.path !== `${trailerFolder(id)}/${recordsName}`) throw damaged('its manifest belongs to another restore point')
  return { manifest: parsed, records, [Symbol.dispose]: () => records[Symbol.dispose]() }
}

/** @throws AppError `archive.damaged`, or `archive.foreign` for a version that is newer than this program. */
export function parseManifest(text: string): Manifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw damaged('its manifest is not readable', error)
  }
  const result = manifestSchema.safeParse(json)
  if (result.success) return result.data
  if (typeof json === 'object' && json !== null && 'version' in json && typeof json.version === 'number' && json.version > 1) {
    throw new AppError('archive.foreign', 'The archive was written by a newer Holdfast', { hint: 'Update Holdfast and try again.', cause: result.error })
  }
  throw damaged('its manifest is not readable', result.error)
}

/** The content of an entry put aside. */
export async function spoolContent(entry: Entry, signal: AbortSignal, tempFolder: string | undefined): Promise<Spool> {
  const spool = new Spool(tempFolder)
  try {
    if (entry.open !== undefined) for await (const bytes of entry.open(signal)) spool.add(bytes)
    return spool
  } catch (error) {
    spool[Symbol.dispose]()
    throw error
  }
}

async function spooledText(spool: Spool): Promise<string> {
  if (spool.sizeBytes > mostManifestBytes) throw damaged('its manifest is too large')
  const parts: Uint8Array[] = []
  for await (const bytes of spool.read()) parts.push(bytes)
  return Buffer.concat(parts).toString('utf8')
}
