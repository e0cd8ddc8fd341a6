import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** A file system in memory whose space and inodes can be cut down to what is used and a little more. Needs root. */
export class SmallDisk implements Disposable {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    mount('-t', 'tmpfs', '-o', 'size=200m,nr_inodes=20000,mode=0755', 'tmpfs', folder)
  }

  leave(free: { readonly bytes?: number; readonly inodes?: number }): void {
    const { blocks, bfree, bsize, files, ffree } = statfsSync(this.folder)
    const size = free.bytes === undefined ? 200 << 20 : (blocks - bfree) * bsize + Math.max(4096, free.bytes)
    const inodes = free.inodes === undefined ? 20_000 : files - ffree + Math.max(0, free.inodes)
    mount('-o', `remount,size=${size},nr_inodes=${Math.max(1, inodes)}`, this.folder)
  }

  /** Names of all that lies below a folder of it. */
  names(below = '.'): string[] {
    return readdirSync(join(this.folder, below), { recursive: true, encoding: 'utf8' })
  }

  [Symbol.dispose](): void {
    const { status, stderr } = spawnSync('umount', ['-l', this.folder], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`umount failed: ${stderr}`)
  }
}

function mount(...args: string[]): void {
  const { status, stderr, error } = spawnSync('mount', args, { encoding: 'utf8' })
  if (error !== undefined) throw new Error('mount is missing: apt-get install mount', { cause: error })
  if (status !== 0) throw new Error(`mount ${args.join(' ')} failed (this trial needs root): ${stderr}`)
}
