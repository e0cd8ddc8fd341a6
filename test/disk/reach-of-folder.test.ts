import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readMounts } from '../../src/disk/mounts.ts'
import { reachOfFolder } from '../../src/disk/reach-of-folder.ts'

const mountinfo = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '40 22 0:38 / /mnt/nas rw - cifs //nas/share rw,vers=3.0',
  String.raw`41 22 0:39 / /mnt/my\040nas rw shared:7 master:3 - nfs4 nas:/export rw`,
  '42 22 0:40 / /mnt/far rw - fuse.sshfs me@far:/srv rw',
  '43 22 0:41 / /mnt/drive rw - fuse.rclone drive: rw',
  '44 22 0:42 / /mnt/dav rw - fuse https://dav.example/remote rw',
  '45 40 8:17 / /mnt/nas/disk rw - ext4 /dev/sdb1 rw',
  '46 22 8:33 / /mnt/twice rw - ext4 /dev/sdc1 rw',
  '47 46 0:43 / /mnt/twice rw - nfs nas:/twice rw',
  '',
].join('\n')

test('a place lies where the nearest mount above it does', () => {
  const mounts = readMounts(mountinfo)
  assert.deepEqual(mounts[2], { path: '/mnt/my nas', type: 'nfs4', source: 'nas:/export' })
  const expected = {
    '/srv/backups': 'local', '/mnt/nas': 'network', '/mnt/nas/deep/er': 'network', '/mnt/nas-other': 'local', '/mnt/my nas/x': 'network', '/mnt/far/x': 'network',
    '/mnt/drive/backups': 'cloud', '/mnt/dav/x': 'cloud', '/mnt/nas/disk/x': 'local', '/mnt/twice/x': 'network',
  }
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((folder) => [folder, reachOfFolder(folder, mounts)])), expected)
})

test('a link counts by where it leads to, and this machine\'s own folders are local', (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hf-reach-')))
  t.after(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'nas'))
  symlinkSync(join(folder, 'nas'), join(folder, 'link'))
  assert.equal(reachOfFolder(join(folder, 'link'), [{ path: '/', type: 'ext4', source: '/dev/sda1' }, { path: join(folder, 'nas'), type: 'nfs4', source: 'nas:/' }]), 'network')
  assert.equal(reachOfFolder(folder), 'local')
})
