import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sameDisk } from '../../src/disk/same-disk.ts'

test('partitions and volumes of one disk are lost together, another disk is not, and what is not known is not claimed', async (t) => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'hf-disk-')))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const blockDevices = join(folder, 'block')
  for (const path of ['block', 'sda/sda1', 'sda/sda2', 'sdb', 'dm-0/slaves', 'loop0']) mkdirSync(join(folder, path), { recursive: true })
  for (const part of ['sda1', 'sda2']) writeFileSync(join(folder, 'sda', part, 'partition'), '1')
  symlinkSync(join(folder, 'sda/sda2'), join(folder, 'dm-0/slaves/sda2'))
  // Their names must be those of devices that are there.
  for (const [name, device] of [['null', 'sda/sda1'], ['zero', 'dm-0'], ['full', 'sdb'], ['random', 'loop0']] as const) symlinkSync(join(folder, device), join(blockDevices, name))
  // Two folders of different file systems, on any machine.
  const judge = async (one: string, other: string, type = 'ext4'): Promise<string> => await sameDisk('/', '/proc', { blockDevices, mounts: [{ path: '/', type, source: one }, { path: '/proc', type, source: other }] })
  assert.equal(await sameDisk(folder, join(folder, 'block')), 'same')
  assert.equal(await judge('/dev/null', '/dev/zero'), 'same', 'a volume on another partition')
  assert.equal(await judge('/dev/null', '/dev/full'), 'other')
  assert.equal(await judge('/dev/null', '/dev/full', 'btrfs'), 'unknown', 'it may have further disks')
  assert.equal(await judge('/dev/null', '/dev/random'), 'unknown', 'it lies in a file of either')
  assert.equal(await judge('/dev/null', 'overlay', 'overlay'), 'unknown')
  assert.equal(await judge('tank/data', 'tank/backups', 'zfs'), 'same')
  assert.equal(await judge('//nas/a', '//nas/b', 'cifs'), 'same')
  assert.equal(await judge('nas:/a', 'attic:/b', 'nfs4'), 'other')
})
