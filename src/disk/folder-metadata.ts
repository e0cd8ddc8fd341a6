import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { readAccounts } from './accounts.ts'
import { applyMetadata } from './entry-metadata.ts'
import { openLibc } from './libc.ts'
import { WriteProblems } from './write-problems.ts'
import { readXattrs } from './xattrs.ts'

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW

/**
 * Gives one folder the owner, mode, attributes and times of another, as far as this user may; links are not followed.
 * What could not be set is left as it was. @throws system errors where one of them is no folder or cannot be opened.
 */
export function copyFolderMetadata(from: string | Buffer, to: string | Buffer): void {
  const source = openSync(from, folderFlags)
  try {
    const target = openSync(to, folderFlags)
    try {
      copy(source, target)
    } finally {
      closeSync(target)
    }
  } finally {
    closeSync(source)
  }
}

function copy(source: number, target: number): void {
  const libc = openLibc()
  const stat = fstatSync(source, { bigint: true })
  const xattrs = libc === undefined ? undefined : readXattrs(libc, `/proc/self/fd/${source}/.`)
  if (libc !== undefined) {
    const at = `/proc/self/fd/${target}/.`
    for (const name of readXattrs(libc, at)?.keys() ?? []) if (xattrs?.has(name) !== true) libc.removeXattr(at, name)
  }
  const metadata = {
    path: '.',
    kind: 'dir' as const,
    mode: Number(stat.mode & 0o7777n),
    mtimeNs: stat.mtimeNs,
    atimeNs: stat.atimeNs,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    ...(xattrs === undefined ? undefined : { xattrs }),
  }
  applyMetadata(target, metadata, { trusted: true, ownership: 'numeric', accounts: readAccounts(), libc, problems: new WriteProblems() })
}
