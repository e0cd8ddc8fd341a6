import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppCard } from '../../src/model/api/overview.ts'
import type { Status } from '../../src/model/status.ts'
import { byGravity, restingState } from '../../web/src/format/gravest.ts'
import { logLine } from '../../web/src/format/log-line.ts'

const status = (state: Status['state'], reasons: Status['reasons'] = []): Status => ({ version: 1, app: 'a', state, sentence: '', reasons, vaults: [], judgedAt: '2026-01-01T00:00:00Z' })
const card = (name: string, of: Status): AppCard => ({ name, root: '/', preset: 'generic', status: of, queued: false, days: [], sizes: [], destinations: [], points: 0, parts: [], command: '' })

test('a backup under way does not make what is wrong look right', () => {
  assert.equal(restingState(status('running', [{ code: 'overdue', severity: 'failed', message: '' }])), 'failed')
  assert.equal(restingState(status('running', [{ code: 'never-ran', severity: 'failed', message: '' }])), 'never')
  assert.equal(restingState(status('running')), 'ok')
})

test('what needs somebody comes first, then by name', () => {
  const apps = [card('b', status('ok')), card('c', status('warning', [{ code: 'unverified', severity: 'warning', message: '' }])), card('a', status('ok')), card('d', status('running', [{ code: 'damaged', severity: 'failed', message: '' }])), card('e', status('never'))]
  assert.deepEqual(byGravity(apps).map(({ name }) => name), ['d', 'e', 'c', 'a', 'b'])
})

test('a line of the log shows no control characters of names', () => {
  const { text, grave } = logLine({ type: 'run.warning', seq: 1, at: '2026-01-01T00:00:00Z', code: 'file.unreadable', message: 'Cannot read', path: 'a\u001b[2J\n' })
  assert.equal(text, 'warning: Cannot read a⟨ESC⟩[2J⟨LF⟩ (file.unreadable)')
  assert.equal(grave, 'warning')
})
