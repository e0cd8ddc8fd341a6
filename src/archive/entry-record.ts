import type { Entry } from '../model/entry.ts'
import { recordSchema } from '../model/restore-point.ts'
import type { EntryRecord } from '../model/restore-point.ts'
import { damaged } from './damaged.ts'

/** The record of an entry, with what was learnt of its content while it was read. */
export function toRecord(entry: Entry, content: { readonly sizeBytes: number; readonly sha256?: string } | undefined): EntryRecord {
  const hasContent = entry.kind === 'file' && entry.hardlinkTo === undefined
  return {
    path: entry.path,
    kind: entry.kind,
    ...(hasContent && content !== undefined ? { size: content.sizeBytes } : {}),
    mode: entry.mode,
    mtimeNs: String(entry.mtimeNs),
    ...(entry.uid === undefined ? {} : { uid: entry.uid }),
    ...(entry.gid === undefined ? {} : { gid: entry.gid }),
    ...(entry.user === undefined ? {} : { user: entry.user }),
    ...(entry.group === undefined ? {} : { group: entry.group }),
    ...(entry.linkTarget === undefined ? {} : { linkTarget: entry.linkTarget }),
    ...(entry.hardlinkTo === undefined ? {} : { hardlinkTo: entry.hardlinkTo }),
    ...(hasContent && entry.data !== undefined ? { data: entry.data.map((range): [number, number] => [range.offset, range.length]) } : {}),
    ...(entry.rdev === undefined ? {} : { rdev: [entry.rdev.major, entry.rdev.minor] }),
    ...(entry.xattrs === undefined || entry.xattrs.size === 0 ? {} : { xattrs: Object.fromEntries([...entry.xattrs].map(([name, value]) => [name, Buffer.from(value).toString('base64')])) }),
    ...(content?.sha256 === undefined ? {} : { sha256: content.sha256 }),
    ...(entry.dump === undefined ? {} : { dump: entry.dump }),
  }
}

/** The entry of a record, without content. */
export function fromRecord(record: EntryRecord): Entry {
  return {
    path: record.path,
    kind: record.kind,
    ...(record.size === undefined ? {} : { size: record.size }),
    mode: record.mode,
    mtimeNs: BigInt(record.mtimeNs),
    ...(record.uid === undefined ? {} : { uid: record.uid }),
    ...(record.gid === undefined ? {} : { gid: record.gid }),
    ...(record.user === undefined ? {} : { user: record.user }),
    ...(record.group === undefined ? {} : { group: record.group }),
    ...(record.linkTarget === undefined ? {} : { linkTarget: record.linkTarget }),
    ...(record.hardlinkTo === undefined ? {} : { hardlinkTo: record.hardlinkTo }),
    ...(record.data === undefined ? {} : { data: record.data.map(([offset, length]) => ({ offset, length })) }),
    ...(record.rdev === undefined ? {} : { rdev: { major: record.rdev[0], minor: record.rdev[1] } }),
    ...(record.xattrs === undefined ? {} : { xattrs: new Map(Object.entries(record.xattrs).map(([name, value]) => [name, Buffer.from(value, 'base64')])) }),
    ...(record.dump === undefined ? {} : { dump: record.dump }),
  }
}

/** @throws AppError `archive.damaged`. */
export function parseRecord(line: string): EntryRecord {
  try {
    const value: unknown = JSON.parse(line)
    return isPlainRecord(value) ? value : recordSchema.parse(value)
  } catch (error) {
    throw damaged('one of its records is not readable', error)
  }
}

const kinds: ReadonlySet<unknown> = new Set(recordSchema.shape.kind.options)

/**
 * Whether a record fits the schema and has only the fields that most records have: the schema takes ten times as long, which
 * every file would pay twice. A test holds the two equal.
 */
function isPlainRecord(value: unknown): value is EntryRecord {
  if (typeof value !== 'object' || value === null) return false
  let needed = 0
  for (const [key, field] of Object.entries(value)) {
    switch (key) {
      case 'path':
        if (typeof field !== 'string') return false
        needed += 1
        break
      case 'kind':
        if (!kinds.has(field)) return false
        needed += 1
        break
      case 'mode':
        if (!isCount(field) || field > 0o7777) return false
        needed += 1
        break
      case 'mtimeNs':
        if (typeof field !== 'string' || !/^-?\d+$/.test(field)) return false
        needed += 1
        break
      case 'size': case 'uid': case 'gid':
        if (!isCount(field)) return false
        break
      case 'user': case 'group': case 'linkTarget': case 'hardlinkTo':
        if (typeof field !== 'string') return false
        break
      case 'sha256':
        if (typeof field !== 'string' || !/^[0-9a-f]{64}$/.test(field)) return false
        break
      default:
        return false
    }
  }
  return needed === 4
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
