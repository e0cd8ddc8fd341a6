import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { statusReportSchema } from '../../src/model/api/overview.ts'
import { statusReport } from '../../src/policy/status-report.ts'
import { writeStatusFile } from '../../src/report/status-file.ts'
import { sampleStatus } from '../policy/sample-status.ts'

test('the status file is replaced whole, with its mode, and leaves nothing beside it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-status-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'status.json')
  writeFileSync(file, 'x'.repeat(100_000), { mode: 0o600 })
  const report = statusReport([sampleStatus('erp', ['overdue:warning']), sampleStatus('nas', ['run-failed'], { state: 'running' })], '2026-11-21T10:00:00.000Z')
  for (const mode of [0o644, 0o640]) {
    writeStatusFile(file, report, mode)
    assert.equal(statSync(file).mode & 0o777, mode)
    assert.deepEqual(statusReportSchema.parse(JSON.parse(readFileSync(file, 'utf8'))), report)
  }
  assert.deepEqual(readdirSync(folder), ['status.json'])
  assert.deepEqual([report.state, report.protected, report.total], ['failed', 0, 2])
})

test('all together are as good as the worst', () => {
  const state = (...statuses: readonly Parameters<typeof sampleStatus>[1][]): string => statusReport(statuses.map((reasons, index) => sampleStatus(`a${index}`, reasons)), '2026-11-21T10:00:00.000Z').state
  assert.deepEqual([state([]), state([], ['unverified:warning']), state(['unverified:warning'], ['missing']), state(['never-ran']), state()], ['ok', 'warning', 'failed', 'failed', 'ok'])
})
