import { readFileSync } from 'node:fs'
import { decodeName } from './name-codec.ts'

/** Something that is mounted: where, of which kind (`ext4`, `cifs`, `fuse.sshfs`), and what (a device, `//nas/share`, `host:/path`). */
export type Mount = { readonly path: string; readonly type: string; readonly source: string }

/** What is mounted, in the order in which it was (proc(5), /proc/PID/mountinfo): a later one hides an earlier one of the same path. */
export function readMounts(text: string = readFileSync('/proc/self/mountinfo', 'latin1')): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    // Optional fields end with a hyphen.
    const [before = '', after = ''] = line.split(' - ')
    const path = before.split(' ')[4]
    const [type = '', source = ''] = after.split(' ')
    return path === undefined ? [] : [{ path: unescaped(path), type, source: unescaped(source) }]
  })
}

/** The mount that a path lies on, of a path without links; undefined where none is known. */
export function mountOf(real: string, mounts: readonly Mount[] = readMounts()): Mount | undefined {
  let found: Mount | undefined
  for (const mount of mounts) {
    const isAbove = mount.path === '/' || real === mount.path || real.startsWith(`${mount.path}/`)
    if (isAbove && mount.path.length >= (found?.path.length ?? 0)) found = mount
  }
  return found
}

function unescaped(field: string): string {
  return decodeName(Buffer.from(field.replaceAll(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))), 'latin1'))
}
