import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const launcher = new URL('../../bin/holdfast', import.meta.url).pathname

function inFolder(body: (folder: string, holdfast: (...args: string[]) => { status: number | null; out: string }) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'cli-'))
  try {
    body(folder, (...args) => {
      const { status, stdout, stderr } = spawnSync(launcher, [...args, '--no-ask'], { encoding: 'utf8', env: { ...process.env, HOLDFAST_STATE: join(folder, 'state'), HOME: folder } })
      return { status, out: `${stdout}${stderr}` }
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('an error says what happened, why, and what to do', () => {
  inFolder((folder, holdfast) => {
    const { status, out } = holdfast('backup', '/no/such/folder', '--to', join(folder, 'place'))
    assert.equal(status, 1)
    assert.match(out, /^error: There is no folder \/no\/such\/folder \[source\.missing\]\nbecause: ENOENT.*\nwhat to do: Check the path\.\n$/)
    assert.equal(existsSync(join(folder, 'place')), false, 'for nothing no place is made')
  })
})

test('a sparse file needs no more room than its data: its holes are no reason to refuse a restore', () => {
  inFolder((folder, holdfast) => {
    const app = join(folder, 'app')
    const place = join(folder, 'place')
    const small = join(folder, 'small')
    for (const path of [app, place, small]) mkdirSync(path)
    writeFileSync(join(app, 'disk.img'), 'data at the start')
    truncateSync(join(app, 'disk.img'), 200_000_000)
    assert.equal(holdfast('backup', app, '--to', place).status, 0)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300m', 'tmpfs', small])
    try {
      writeFileSync(join(small, 'taken'), Buffer.alloc(280_000_000))
      const { status, out } = holdfast('restore', 'latest', '--from', place, '--target', join(small, 'app'))
      assert.equal(status, 0, out)
      const { size, blocks } = statSync(join(small, 'app/disk.img'))
      assert.equal(size, 200_000_000)
      assert.ok(blocks < 1000)
    } finally {
      execFileSync('umount', [small])
    }
  })
})
