import { AppError } from '../../kit/app-error.ts'
import type { ArchiveBytes, Member } from '../format.ts'
import { readTar } from '../tar/read-tar.ts'

const about = 'backup.json'
const inner = /^([^/]+)\.tar(?:\.gz)?$/

/**
 * The members of a plain tar. Where it has `backup.json` at its top (Home Assistant), each inner tar stands for a folder of its
 * name; it may come before that file, so that the names are read first.
 * @throws AppError `archive.encryption` for an inner one that is none to read, else as readTar.
 */
export async function* nestedMembers(bytes: ArchiveBytes, signal: AbortSignal): AsyncGenerator<Member, void, undefined> {
  const nests = await holdsAbout(bytes, signal)
  for await (const member of readTar(bytes, { signal })) {
    const name = nests && member.kind === 'file' ? inner.exec(member.path)?.[1] : undefined
    if (name === undefined || member.open === undefined) yield member
    else yield* below(name, member, member.open.bind(member), signal)
  }
}

async function holdsAbout(bytes: ArchiveBytes, signal: AbortSignal): Promise<boolean> {
  for await (const { path } of readTar(bytes, { signal })) if (path === about) return true
  return false
}

async function* below(name: string, outer: Member, open: (signal: AbortSignal) => AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Member, void, undefined> {
  const content: ArchiveBytes = {
    sizeBytes: outer.size ?? 0,
    stream: open,
    range: () => { throw new AppError('internal', 'A member of an archive has no random access') },
  }
  const { mode: _file, size: _size, open: _open, readWhole: _whole, ...metadata } = outer
  yield { ...metadata, path: name, kind: 'dir', mode: 0o755 }
  try {
    for await (const member of readTar(content, { signal })) {
      if (member.path === '.') continue
      yield { ...member, path: `${name}/${member.path.replace(/^\/+/, '')}`, ...(member.hardlinkTo === undefined ? {} : { hardlinkTo: `${name}/${member.hardlinkTo}` }) }
    }
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== 'archive.foreign') throw cause
    throw new AppError('archive.encryption', `${outer.path} is encrypted, or no archive at all`, { hint: 'Restore it with Home Assistant, and make a backup without a password there.', cause })
  }
}
