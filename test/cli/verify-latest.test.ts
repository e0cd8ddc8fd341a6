import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const launcher = new URL('../../bin/holdfast', import.meta.url).pathname

test('the latest point stays the one that verify reports as long as it is damaged; restore takes the newest sound one', () => {
  const folder = mkdtempSync(join(tmpdir(), 'verify-'))
  try {
    const app = join(folder, 'app')
    const place = join(folder, 'place')
    mkdirSync(app)
    mkdirSync(place)
    writeFileSync(join(app, 'file'), 'first')
    const holdfast = (...args: string[]): { status: number | null; out: string } => {
      const { status, stdout, stderr } = spawnSync(launcher, [...args, '--no-ask'], { encoding: 'utf8', env: { ...process.env, HOLDFAST_STATE: join(folder, 'state'), HOME: folder } })
      return { status, out: `${stdout}${stderr}` }
    }
    assert.equal(holdfast('backup', app, '--to', place).status, 0)
    writeFileSync(join(app, 'file'), 'second')
    assert.equal(holdfast('backup', app, '--to', place, '--format', 'zip').status, 0)
    const newer = join(place, readdirSync(place).find((name) => name.endsWith('.zip')) ?? '')
    const bytes = readFileSync(newer)
    bytes.writeUInt8(bytes.readUInt8(45) ^ 1, 45)
    writeFileSync(newer, bytes)
    for (let time = 0; time < 2; time += 1) {
      const { status, out } = holdfast('verify', 'latest', '--from', place)
      assert.equal(status, 1, out)
      assert.match(out, /\.zip: DAMAGED/)
    }
    const restored = holdfast('restore', 'latest', '--from', place, '--target', join(folder, 'new'))
    assert.equal(restored.status, 0, restored.out)
    assert.match(restored.out, /newer restore point [0-9a-f]{16} .* is passed over: DAMAGED/)
    assert.equal(readFileSync(join(folder, 'new/file'), 'utf8'), 'first')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
