import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RunReport } from '../../src/model/run-report.ts'
import { pingOfRun } from '../../src/policy/ping-of-run.ts'
import { samplePoint } from './sample-points.ts'

function report(rest: Partial<RunReport>): RunReport {
  return {
    run: 'r1', kind: 'backup', app: 'erp', user: 'root', startedAt: '2026-11-20T03:00:00Z', files: 0, bytes: 0, warnings: [], warningCount: 0, notes: [], noteCount: 0, databases: [],
    saved: [{ ...samplePoint('2026-11-20T03:00:00Z'), vault: 'nas' }], verified: [], removed: [], outcome: 'ok', ...rest,
  }
}

test('only a whole backup of the usual scope is a success', () => {
  assert.equal(pingOfRun(report({}), 'full')?.kind, 'success')
  assert.equal(pingOfRun(report({ saved: [{ ...samplePoint('2026-11-20T03:00:00Z', { scope: 'database' }), vault: 'nas' }] }), 'full')?.kind, 'log', 'the database alone')
  assert.equal(pingOfRun(report({ saved: [] }), 'full')?.kind, 'log')
  assert.equal(pingOfRun(report({ saved: [{ ...samplePoint('2026-11-20T03:00:00Z', { complete: false }), vault: 'nas' }] }), 'full')?.kind, 'log')
  for (const outcome of ['partial', 'failed', 'interrupted'] as const) assert.equal(pingOfRun(report({ outcome }), 'full')?.kind, 'fail', outcome)
})

test('other runs are told of only where they did not end well, and change nothing', () => {
  assert.equal(pingOfRun(report({ kind: 'verify' }), 'full'), undefined)
  assert.equal(pingOfRun(report({ kind: 'verify', outcome: 'failed' }), 'full')?.kind, 'log')
})

test('the text says what went wrong and what to do', () => {
  const text = pingOfRun(report({ outcome: 'failed', error: { code: 'storage.full', message: 'No space left', hint: 'Free some' }, warnings: [{ code: 'x', message: 'one file' }] }), 'full')?.text
  assert.equal(text, 'backup of erp: failed\nNo space left\nFree some\none file')
})
