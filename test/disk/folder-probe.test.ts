import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { FolderProbe } from '../../src/disk/folder-probe.ts'

test('a folder answers, and so does one that is not there', async () => {
  using probe = new FolderProbe()
  assert.equal(await probe.answers('/'), true)
  assert.equal(await probe.answers('/no/such/folder'), true)
})

test('one that hangs is told after a while, then at once, and is asked again once it has answered; others are not held up', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-probe-'))
  try {
    const asked = join(folder, 'asked')
    // As a mount would, this one holds whoever asks until it is let go.
    using probe = new FolderProbe({ limitMs: 300, command: ['/bin/sh', '-c', `[ "$1" = /hangs ] || exit 1; echo x >> ${asked}; while ! [ -e ${join(folder, 'free')} ]; do sleep 0.05; done`, 'sh'] })
    const hanging = Array.from({ length: 40 }, async () => await probe.answers('/hangs'))
    assert.equal(await probe.answers('/answers'), true)
    assert.deepEqual(new Set(await Promise.all(hanging)), new Set([false]))
    const startMs = performance.now()
    assert.equal(await probe.answers('/hangs'), false)
    assert.ok(performance.now() - startMs < 200)
    await writeFile(join(folder, 'free'), '')
    for (let left = 100; left > 0 && !await probe.answers('/hangs'); left--) await sleep(50)
    assert.equal(await probe.answers('/hangs'), true)
  } finally {
    await rm(folder, { recursive: true })
  }
})
