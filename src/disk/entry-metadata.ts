import { chmodSync, chownSync, fchmodSync, fchownSync, futimesSync, utimesSync } from 'node:fs'
import { messageOf, systemCode } from '../kit/app-error.ts'
import type { Entry } from '../model/entry.ts'
import type { Accounts } from './accounts.ts'
import type { Libc } from './libc.ts'
import type { WriteProblems } from './write-problems.ts'

/**
 * Whom restored files shall belong to: the numbers of the entries, this machine's users of the same names (numbers where
 * there is no such name), one owner for all, or whoever runs this.
 */
export type Ownership = 'numeric' | 'names' | { readonly uid: number; readonly gid: number } | 'none'

export type MetadataPolicy = {
  /** Setuid and setgid bits of files, `security.` and `trusted.` attributes and devices are restored. */
  readonly trusted: boolean
  readonly ownership: Ownership
  readonly accounts: Accounts
  readonly libc: Libc | undefined
  readonly problems: WriteProblems
}

export type Metadata = Pick<Entry, 'path' | 'kind' | 'mode' | 'mtimeNs' | 'atimeNs' | 'uid' | 'gid' | 'user' | 'group' | 'xattrs'>

const accessAcl = 'system.posix_acl_access'
const setIdBits = 0o6000

/**
 * Gives an open file or folder, or what lies at a `/proc/self/fd/N` path (links, fifos, devices opened with O_PATH), its
 * owner, mode, attributes and times. What the system refuses is noted in `problems`.
 */
export function applyMetadata(target: number | string, entry: Metadata, policy: MetadataPolicy): void {
  const ownerKept = applyOwner(target, entry, policy)
  // Attributes before the mode, which may forbid to write them; the ACL after it, because it refines it.
  applyXattrs(target, entry, policy, (name) => name !== accessAcl)
  if (entry.kind !== 'symlink') applyMode(target, entry, policy, ownerKept)
  applyXattrs(target, entry, policy, (name) => name === accessAcl)
  applyTimes(target, entry, policy)
}

/** Whom an entry shall belong to; what is undefined stays as it is. */
export function ownerOf(entry: Metadata, { ownership, accounts }: MetadataPolicy): { readonly uid: number | undefined; readonly gid: number | undefined } {
  if (ownership === 'none') return { uid: undefined, gid: undefined }
  if (typeof ownership === 'object') return ownership
  return {
    uid: (ownership === 'names' && entry.user !== undefined ? accounts.userId(entry.user) : undefined) ?? entry.uid,
    gid: (ownership === 'names' && entry.group !== undefined ? accounts.groupId(entry.group) : undefined) ?? entry.gid,
  }
}

/** Whether it needs nothing but an owner, a mode without setuid and setgid, and a modification time. */
export function isPlainMetadata(entry: Metadata): boolean {
  return (entry.xattrs === undefined || entry.xattrs.size === 0) && entry.atimeNs === undefined && (entry.mode & setIdBits) === 0 && BigInt.asIntN(64, entry.mtimeNs) === entry.mtimeNs
}

function applyOwner(target: number | string, entry: Metadata, policy: MetadataPolicy): boolean {
  const { ownership, problems } = policy
  if (ownership === 'none') return entry.uid === process.geteuid?.()
  const { uid, gid } = ownerOf(entry, policy)
  if (uid === undefined && gid === undefined) return false
  // chown(2): -1 leaves one of them; node:fs takes it as an unsigned number.
  const keep = 0xffff_ffff
  try {
    if (typeof target === 'number') fchownSync(target, uid ?? keep, gid ?? keep)
    else chownSync(target, uid ?? keep, gid ?? keep)
    return uid !== undefined && (typeof ownership !== 'object' || uid === entry.uid)
  } catch (error) {
    problems.add(entry.path, 'owner', `Its owner ${uid ?? '-'}:${gid ?? '-'} could not be set (${reason(error)})`)
    return false
  }
}

function applyMode(target: number | string, entry: Metadata, { trusted, problems }: MetadataPolicy, ownerKept: boolean): void {
  let mode = entry.mode & 0o7777
  if (entry.kind !== 'dir' && (mode & setIdBits) !== 0 && !(trusted && ownerKept)) {
    // With another owner the bit would give away that one's rights.
    mode &= ~setIdBits
    problems.add(entry.path, 'setuid', trusted ? 'Its setuid and setgid bits were left out, as its owner is another now' : 'Its setuid and setgid bits were left out, as the restore point is not trusted')
  }
  try {
    if (typeof target === 'number') fchmodSync(target, mode)
    else chmodSync(target, mode)
  } catch (error) {
    problems.add(entry.path, 'mode', `Its mode ${mode.toString(8)} could not be set (${reason(error)})`)
  }
}

function applyXattrs(target: number | string, entry: Metadata, policy: MetadataPolicy, chosen: (name: string) => boolean): void {
  if (entry.xattrs === undefined) return
  for (const [name, value] of entry.xattrs) {
    if (!chosen(name)) continue
    if (policy.libc === undefined) {
      policy.problems.add(entry.path, 'xattr', `Its attribute ${name} could not be set: the C library cannot be reached from this Node`)
    } else if (!policy.trusted && (name.startsWith('security.') || name.startsWith('trusted.'))) {
      policy.problems.add(entry.path, 'xattr', `Its attribute ${name} was left out, as the restore point is not trusted`)
    } else {
      try {
        policy.libc.setXattrOf(target, name, value)
      } catch (error) {
        policy.problems.add(entry.path, 'xattr', `Its attribute ${name} could not be set (${reason(error)})`)
      }
    }
  }
}

function applyTimes(target: number | string, { path, atimeNs, mtimeNs }: Metadata, { libc, problems }: MetadataPolicy): void {
  try {
    if (libc !== undefined) {
      libc.setTimes(target, { atimeNs, mtimeNs })
      return
    }
    // node:fs takes seconds as a float, and takes a negative one for "now".
    if (mtimeNs < 0n) throw new Error('times before 1970 need the C library')
    if (mtimeNs % 1000n !== 0n) problems.add(path, 'times', 'Its modification time was kept to the microsecond only')
    const seconds = Number(mtimeNs / 1000n) / 1e6
    if (typeof target === 'number') futimesSync(target, seconds, seconds)
    else utimesSync(target, seconds, seconds)
  } catch (error) {
    problems.add(path, 'times', `Its times could not be set (${reason(error)})`)
  }
}

function reason(error: unknown): string {
  return systemCode(error) ?? messageOf(error)
}
