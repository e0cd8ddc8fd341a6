import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Mount } from './mounts.ts'
import { mountOf, readMounts } from './mounts.ts'
import { reachOfFolder } from './reach-of-folder.ts'

type Known = { readonly mounts?: readonly Mount[]; readonly blockDevices?: string }

/**
 * Whether what destroys the disk of one folder destroys the other, too. Partitions, volumes of LVM and parts of a RAID count by the
 * disks that they lie on (sysfs: `/sys/class/block/NAME`, its parent and its `slaves`), shares by their server. `unknown` where the
 * system does not tell, as inside most containers. Both folders are there.
 */
export async function sameDisk(one: string, other: string, { mounts = readMounts(), blockDevices = '/sys/class/block' }: Known = {}): Promise<'same' | 'other' | 'unknown'> {
  if ((await stat(one)).dev === (await stat(other)).dev) return 'same'
  const [first, second] = [mountOf(await realpath(one), mounts), mountOf(await realpath(other), mounts)]
  if (first === undefined || second === undefined) return 'unknown'
  const [disks, others] = [first, second].map((mount) => disksOf(mount, mounts, blockDevices))
  if (disks === undefined || others === undefined) return 'unknown'
  if (disks.some((disk) => others.includes(disk))) return 'same'
  // They name one of their disks, and may have more.
  return [first, second].some(({ type }) => type === 'btrfs' || type === 'bcachefs') ? 'unknown' : 'other'
}

function disksOf({ type, source, path }: Mount, mounts: readonly Mount[], blockDevices: string): readonly string[] | undefined {
  if (reachOfFolder(path, mounts) !== 'local') return [`server ${/^(?:\/\/)?(?:[^@/]*@)?([^/:]+)/.exec(source)?.[1] ?? source}`]
  if (type === 'zfs') return [`pool ${source.split('/')[0] ?? ''}`]
  if (!source.startsWith('/dev/')) return undefined
  try {
    return disksUnder(realpathSync(join(blockDevices, basename(realpathSync(source)))))
  } catch {
    return undefined
  }
}

function disksUnder(device: string): readonly string[] | undefined {
  if (existsSync(join(device, 'partition'))) return disksUnder(dirname(device))
  // Its content lies in a file, or in memory.
  if (/^(?:loop|zram|ram)\d/.test(basename(device))) return undefined
  const slaves = existsSync(join(device, 'slaves')) ? readdirSync(join(device, 'slaves')) : []
  if (slaves.length === 0) return [device]
  const below = slaves.map((slave) => disksUnder(realpathSync(join(device, 'slaves', slave))))
  return below.every((disks) => disks !== undefined) ? below.flat() : undefined
}
