import { systemCode } from '../kit/app-error.ts'
import type { Libc } from './libc.ts'

/**
 * All extended attributes of a file, folder or link (not what a link points to), ACLs and capabilities among them;
 * undefined where there are none or the file system has no such thing.
 * @throws an Error with the system's `code` where they exist but cannot be read.
 */
export function readXattrs(libc: Libc, path: string): ReadonlyMap<string, Uint8Array> | undefined {
  const names = list(libc, path)
  if (names.length === 0) return undefined
  const attributes = new Map<string, Uint8Array>()
  for (const name of names.sort()) {
    try {
      attributes.set(name, libc.getXattr(path, name))
    } catch (error) {
      // Removed since it was listed.
      if (systemCode(error) !== 'ENODATA') throw error
    }
  }
  return attributes.size === 0 ? undefined : attributes
}

function list(libc: Libc, path: string): string[] {
  try {
    return libc.listXattrs(path)
  } catch (error) {
    if (systemCode(error) === 'ENOTSUP' || systemCode(error) === 'EOPNOTSUPP') return []
    throw error
  }
}
