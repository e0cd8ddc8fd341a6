import type { Member } from '../format.ts'
import { NameHashes } from '../zip/name-hashes.ts'
import type { ForeignKind } from './foreign-kind.ts'

/** A member of a part, where it lies in the whole. */
export function placedAt<T extends Pick<Member, 'path' | 'hardlinkTo'>>(member: T, at: string): T {
  if (at === '') return member
  const { path, hardlinkTo } = member
  return { ...member, path: path === '.' ? at : `${at}/${path}`, ...(hardlinkTo === undefined ? {} : { hardlinkTo: `${at}/${hardlinkTo}` }) }
}

/**
 * Members as entries of the application: where the kind says that they lie, each path once. Of several files of one path the
 * last counts, as for tar; of a folder the first. A file that tar was told of twice comes as a hardlink to itself, which says
 * nothing.
 */
export async function* arrangeMembers<T extends Pick<Member, 'path' | 'kind' | 'hardlinkTo'>>(members: AsyncIterable<T>, kind: ForeignKind, repeated: readonly (readonly [string, number])[]): AsyncGenerator<T, void, undefined> {
  const left = new Map(repeated)
  for await (const member of members) {
    const placed = inApplication(member, kind)
    if (placed === undefined || placed.hardlinkTo === placed.path) continue
    const count = left.get(placed.path)
    if (count !== undefined) {
      left.set(placed.path, count === 0 ? -1 : count - 1)
      if (count === -1 || count > 1) continue
    }
    yield placed
  }
}

/** Undefined for what is no part of the application. */
export function inApplication<T extends Pick<Member, 'path' | 'hardlinkTo'>>(member: T, kind: ForeignKind): T | undefined {
  if (kind.place === undefined) return member
  const path = kind.place(member.path)
  if (path === undefined) return undefined
  const hardlinkTo = member.hardlinkTo === undefined ? undefined : kind.place(member.hardlinkTo)
  return { ...member, path, ...(hardlinkTo === undefined ? {} : { hardlinkTo }) }
}

/**
 * Puts the folders that an archive does not tell of before what is in them: a web server must be able to enter what is restored.
 * Of each folder a hash is remembered.
 */
export async function* withFolders(members: AsyncIterable<Member>, lacks: 'folders' | 'root' | 'nothing'): AsyncGenerator<Member, void, undefined> {
  const given = new Set<number>()
  for await (const member of members) {
    if (lacks !== 'nothing') {
      for (const path of lacks === 'root' ? ['.'] : foldersAbove(member.path)) {
        const hash = NameHashes.of(path)
        if (given.has(hash)) continue
        given.add(hash)
        yield { path, kind: 'dir', mode: 0o755, mtimeNs: member.mtimeNs, ...(member.uid === undefined ? {} : { uid: member.uid }), ...(member.gid === undefined ? {} : { gid: member.gid }) }
      }
    }
    yield member
  }
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]
}
