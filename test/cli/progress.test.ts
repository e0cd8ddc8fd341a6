import assert from 'node:assert/strict'
import { test } from 'node:test'
import { progressLine } from '../../src/cli/progress.ts'
import type { RunReport } from '../../src/model/run-report.ts'

const report: RunReport = {
  run: '0'.repeat(16), kind: 'backup', app: 'demo', user: 'root', startedAt: '2026-11-20T12:00:00.000Z', phase: 'verify', phaseStartedAt: '2026-11-20T12:00:00.000Z',
  files: 1200, bytes: 500_000_000, totalBytes: 2_000_000_000, path: 'some/where/file', warnings: [], warningCount: 0, notes: [], noteCount: 0, databases: [], saved: [], verified: [], removed: [],
}
const tenSecondsLater = Date.parse('2026-11-20T12:00:10.000Z')

test('the progress line shows share, amount, rate and time left', () => {
  const line = progressLine(report, tenSecondsLater, 200)
  for (const part of ['25 %', 'verifying', '500 MB of 2 GB', '1,200 files', '50 MB/s', '30 s left', 'some/where/file']) assert.ok(line.includes(part), `${part} in ${line}`)
})

test('a narrow terminal gets a line that fits, and a hostile name cannot write over it', () => {
  assert.ok(progressLine(report, tenSecondsLater, 60).length < 60)
  const line = progressLine({ ...report, path: 'a\u001b[2Jb\nc\u202e' }, tenSecondsLater, 200)
  assert.doesNotMatch(line, /[\p{Cc}\u202e]/u)
})
