import { decodeName } from '../../disk/name-codec.ts'
import { damaged } from '../damaged.ts'
import type { ArchiveBytes, Member, ReadOptions } from '../format.ts'
import { ArchiveWindow } from './archive-window.ts'
import { MemberBodies } from './member-bodies.ts'
import { checkMember, isWhole, readMember, readWholeMember } from './read-member.ts'
import type { OpenZip } from './read-member.ts'
import { checkDirectory, directoryRecords } from './zip-directory.ts'
import { ZipPassword } from './zip-password.ts'
import type { ZipRecord } from './zip-record.ts'

// Linux allows 4,095 bytes.
const mostLinkBytes = 8192

/**
 * Reads a zip of Holdfast's or of another program by its directory, which is checked as a whole first. Members come in the
 * directory's order, folders that stand there twice only once.
 */
export async function* readZip(bytes: ArchiveBytes, options: ReadOptions): AsyncGenerator<Member, void, undefined> {
  using window = new ArchiveWindow(bytes, options.signal)
  const directory = await checkDirectory(window)
  const password = new ZipPassword(options.password)
  const bodies = new MemberBodies(window, directory, password)
  const zip: OpenZip = { window, directory, password, bodies }
  for await (const record of bodies.ahead(wantedRecords(zip, options))) {
    options.signal.throwIfAborted()
    yield await entryOf(record, zip)
  }
}

async function* wantedRecords(zip: OpenZip, options: ReadOptions): AsyncGenerator<ZipRecord, void, undefined> {
  const given = new Set<string>()
  for await (const record of directoryRecords(zip.window)) {
    if (options.wanted !== undefined && !options.wanted(record.path)) continue
    if (zip.directory.repeated.has(record.path)) {
      if (given.has(record.path)) continue
      given.add(record.path)
    }
    yield record
  }
}

async function entryOf(record: ZipRecord, zip: OpenZip): Promise<Member> {
  const { path, kind, mode, mtimeNs, owner } = record
  const facts = { path, kind, mode, mtimeNs, ...owner }
  if (kind === 'file') return { ...facts, size: record.plainBytes, open: () => readMember(record, zip), ...(isWhole(record) ? { readWhole: () => readWholeMember(record, zip) } : {}) }
  if (kind === 'symlink') return { ...facts, linkTarget: await linkTarget(record, zip) }
  await checkMember(record, zip)
  return facts
}

async function linkTarget(record: ZipRecord, zip: OpenZip): Promise<string> {
  if (record.plainBytes > mostLinkBytes) throw damaged(`the link ${record.path} has a target of ${record.plainBytes} bytes`)
  const parts: Uint8Array[] = []
  for await (const bytes of readMember(record, zip)) parts.push(bytes)
  return decodeName(Buffer.concat(parts))
}
