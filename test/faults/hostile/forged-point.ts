import { createHash } from 'node:crypto'
import { gzip, pax, tarEnd, tarMember } from './raw-tar.ts'
import type { RawTarHeader } from './raw-tar.ts'
import { zip } from './raw-zip.ts'
import type { RawZipMember } from './raw-zip.ts'

/** A record as an attacker writes it: any JSON. */
export type ForgedRecord = Record<string, unknown>

export type Forgery = {
  readonly records: readonly (ForgedRecord | string)[]
  /** Over the manifest's right fields. */
  readonly manifest?: Record<string, unknown>
  readonly id?: string
}

/** A member and the record that makes it believable. */
export type ForgedMember = { readonly bytes: Uint8Array; readonly record?: ForgedRecord | undefined }

const usualId = '0123456789abcdef'

/**
 * Nothing in an archive is signed, so that whoever can write one can write right records and a right manifest too. This makes
 * both for any members, so that an attack reaches the code behind the first checks.
 */
export function trailerTexts({ records, manifest, id = usualId }: Forgery): { records: Buffer; manifest: Buffer; id: string } {
  const lines = Buffer.from(records.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  const at = '2026-01-02T03:04:05.678Z'
  const told = {
    format: 'holdfast/restore-point', version: 1, program: '0.1.0',
    points: [{ id, slot: 'dated', key: 'forged.tar.gz' }],
    app: 'forged', host: 'elsewhere', preset: 'generic', root: '/nonexistent/forged', scope: 'full', without: [],
    selection: { include: [], exclude: [], oneFileSystem: false, cacheDirTag: true },
    startedAt: at, finishedAt: at, complete: true, databases: [], leftOut: [], warnings: [], notes: [],
    entries: records.length,
    contentBytes: records.reduce((sum: number, line) => sum + (typeof line !== 'string' && typeof line['size'] === 'number' ? line['size'] : 0), 0),
    records: { path: `.holdfast-${id}/records.ndjson`, sha256: createHash('sha256').update(lines).digest('hex'), lines: records.length },
    ...manifest,
  }
  return { records: lines, manifest: Buffer.from(JSON.stringify(told)), id }
}

export function record(path: string, more: ForgedRecord = {}): ForgedRecord {
  const content = typeof more['content'] === 'string' ? more['content'] : undefined
  const { content: _, ...rest } = more
  const isFile = (rest['kind'] ?? 'file') === 'file' && rest['hardlinkTo'] === undefined
  return {
    path, kind: 'file', mode: 0o644, mtimeNs: '1700000000000000000', uid: 0, gid: 0,
    ...(isFile ? { size: Buffer.byteLength(content ?? ''), sha256: sha256(content ?? '') } : {}),
    ...rest,
  }
}

/** A tar member of any name, with the record that the reader will expect. */
export function member(path: string | Uint8Array, more: { readonly content?: string; readonly header?: RawTarHeader; readonly record?: ForgedRecord } = {}): ForgedMember {
  const name = Buffer.from(path)
  const type = more.header?.type ?? '0'
  const kind = ({ '2': 'symlink', '3': 'char', '4': 'block', '5': 'dir', '6': 'fifo' } as const)[type] ?? 'file'
  const link = more.header?.link === undefined ? '' : Buffer.from(more.header.link).toString()
  const long = [...(name.length > 100 ? [['path', name] as const] : []), ...(Buffer.byteLength(link) > 100 ? [['linkpath', link] as const] : [])]
  const bytes = Buffer.concat([
    ...(long.length > 0 ? [pax(long)] : []),
    tarMember({ name, ...more.header }, Buffer.from(more.content ?? '')),
  ])
  const normal = name.toString().replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '')
  const links = type === '2' ? { linkTarget: link } : type === '1' ? { hardlinkTo: link.replace(/^(?:\.\/+)+/, '').replace(/\/+$/, '') } : {}
  const devices = type === '3' || type === '4' ? { rdev: more.header?.device ?? [0, 0] } : {}
  return { bytes, record: record(normal === '' ? '.' : normal, { kind, mode: more.header?.mode ?? 0o644, ...links, ...devices, content: more.content ?? '', ...more.record }) }
}

/** The last two members of a tar, and its end. */
export function tarTrailer(forgery: Forgery): Buffer {
  const { records, manifest, id } = trailerTexts(forgery)
  return Buffer.concat([
    tarMember({ name: `.holdfast-${id}/records.ndjson`, mode: 0o600 }, records),
    tarMember({ name: `.holdfast-${id}/manifest.json`, mode: 0o600 }, manifest),
    tarEnd,
  ])
}

/** A tar of these members with records that agree with them. */
export function forgedTar(members: readonly ForgedMember[], more: Partial<Forgery> = {}): Buffer {
  const records = more.records ?? members.flatMap((forged) => forged.record === undefined ? [] : [forged.record])
  return Buffer.concat([...members.map(({ bytes }) => bytes), tarTrailer({ ...more, records })])
}

export function forgedTarGz(members: readonly ForgedMember[], more: Partial<Forgery> = {}): Buffer {
  return gzip(forgedTar(members, more))
}

/** A zip of these members with these records. */
export function forgedZip(members: readonly RawZipMember[], records: readonly (ForgedRecord | string)[], more: Partial<Forgery> & { readonly end?: Parameters<typeof zip>[1]; readonly last?: readonly RawZipMember[] } = {}): Buffer {
  const { records: lines, manifest, id } = trailerTexts({ ...more, records })
  return zip([
    ...members,
    { name: `.holdfast-${id}/records.ndjson`, content: lines },
    { name: `.holdfast-${id}/manifest.json`, content: manifest },
    ...(more.last ?? []),
  ], more.end)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
