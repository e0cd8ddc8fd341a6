import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isLocked, takeAppLock } from '../../src/runs/app-lock.ts'
import { openAppState } from '../../src/runs/app-state.ts'

const holder = { pid: process.pid, user: 'tester', kind: 'backup', since: '2026-11-20T00:00:00.000Z' }

async function withState(body: (root: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'lock-'))
  try {
    await body(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test('a second lock is refused and names the holder, also within one process, and looking does not free it', async () => {
  await withState(async (root) => {
    const state = await openAppState(root, 'demo')
    {
      using _lock = takeAppLock(state, holder)
      assert.equal(isLocked(state), true)
      assert.throws(() => takeAppLock(state, holder), (error: Error & { code?: string }) => error.code === 'lock.held' && error.message.includes(`process ${process.pid}, user tester`))
      assert.equal(isLocked(state), true)
    }
    assert.equal(isLocked(state), false)
    using _again = takeAppLock(state, holder)
  })
})

test('the lock of a process that was killed is free at once', async () => {
  await withState(async (root) => {
    const state = await openAppState(root, 'demo')
    const source = `
      import { takeAppLock } from ${JSON.stringify(new URL('../../src/runs/app-lock.ts', import.meta.url).href)}
      globalThis.lock = takeAppLock(${JSON.stringify(state)}, ${JSON.stringify(holder)})
      console.log('locked')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    assert.equal(isLocked(state), true)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal(isLocked(state), false)
  })
})
