import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { openAppState } from '../../src/runs/app-state.ts'
import { performRun } from '../../src/runs/perform-run.ts'

test('a restore that could not be brought back is told as that, not as interrupted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-run-'))
  try {
    for (const [code, outcome] of [['restore.failed', 'failed'], ['interrupted', 'interrupted'], ['storage.full', 'interrupted']] as const) {
      const stop = new AbortController()
      const { report, error } = await performRun('restore', await openAppState(folder, 'demo'), { signal: stop.signal, onEvent: () => undefined, now: () => new Date() }, async () => {
        stop.abort()
        throw new AppError(code, 'The former state could not be brought back', { hint: 'what to do' })
      })
      assert.equal(report.outcome, outcome)
      assert.equal(error?.code, code === 'restore.failed' ? code : 'interrupted')
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})
