import { isOddName } from '../../disk/name-codec.ts'
import type { Entry, EntryKind } from '../../model/entry.ts'
import type { Remark } from '../../model/restore-point.ts'

const special: Partial<Record<EntryKind, string>> = { fifo: 'a named pipe', char: 'a device', block: 'a device' }

/** What zip cannot carry of this entry for other programs; Holdfast restores it from its records. */
export function memberNote(entry: Entry): Remark | undefined {
  const { path } = entry
  const what = special[entry.kind]
  if (what !== undefined) return { code: 'archive.special', message: `${path} is ${what}, which zip cannot carry; Holdfast alone restores it`, path }
  if (entry.hardlinkTo !== undefined) {
    return { code: 'archive.hardlink', message: `${path} is another name of ${entry.hardlinkTo}; unzip makes a file of its own of it, Holdfast a hardlink`, path }
  }
  if (isOddName(path)) return { code: 'archive.name', message: `${path} is not UTF-8: programs may show and restore the name differently, Holdfast exactly`, path }
  if (entry.xattrs !== undefined && entry.xattrs.size > 0) {
    return { code: 'archive.xattrs', message: `${path} has extended attributes or ACLs, which zip cannot carry; Holdfast alone restores them`, path }
  }
  return undefined
}
