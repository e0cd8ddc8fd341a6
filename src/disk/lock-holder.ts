import { readFileSync } from 'node:fs'

/**
 * The process that holds a lock on one of these files, each given as `DEV:INO`. From /proc/locks, which everybody may read:
 * `1: POSIX  ADVISORY  WRITE 812 fd:01:131 0 EOF` (proc_locks(5)).
 */
export function lockHolder(inodes: ReadonlySet<string>): number | undefined {
  // Btrfs and others give their files a device of their own (major 0), which the kernel's list does not show.
  const anonymous = new Set([...inodes].flatMap((inode) => isAnonymous(Number(inode.split(':')[0])) ? [inode.split(':')[1]] : []))
  for (const line of locks().split('\n')) {
    const parts = /\s(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line)
    if (parts === null) continue
    const dev = makeDev(Number.parseInt(parts[2] ?? '', 16), Number.parseInt(parts[3] ?? '', 16))
    if (inodes.has(`${dev}:${parts[4] ?? ''}`) || anonymous.has(parts[4] ?? '')) return Number(parts[1])
  }
  return undefined
}

function locks(): string {
  try {
    return readFileSync('/proc/locks', 'utf8')
  } catch {
    return ''
  }
}

/** As glibc's makedev: st_dev of a major and a minor number. */
function makeDev(major: number, minor: number): number {
  const wide = (BigInt(major & 0xfff) << 8n) | BigInt(minor & 0xff) | ((BigInt(minor) & 0xfff00n) << 12n) | ((BigInt(major) & 0xfffff000n) << 32n)
  return Number(wide)
}

function isAnonymous(dev: number): boolean {
  return ((BigInt(dev) >> 8n) & 0xfffn) === 0n && (BigInt(dev) >> 44n) === 0n
}
