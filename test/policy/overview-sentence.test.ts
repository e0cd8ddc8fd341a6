import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Status, StatusReason } from '../../src/model/status.ts'
import { isProtected, overviewSentence } from '../../src/policy/overview-sentence.ts'
import { statusReport } from '../../src/policy/status-report.ts'

const newest = { id: 'a'.repeat(16), startedAt: '2026-11-17T03:00:00Z', scope: 'full', sizeBytes: 1, contentBytes: 1 } as const

function status(app: string, reasons: readonly (readonly [StatusReason['code'], StatusReason['severity'], string?])[] = [], rest: Partial<Status> = {}): Status {
  return {
    version: 1, app, state: reasons[0]?.[1] ?? 'ok', sentence: '', vaults: [{ name: 'nas', reachable: true, points: 1, sizeBytes: 1, newest }], judgedAt: '2026-11-20T12:00:00Z',
    reasons: reasons.map(([code, severity, message = 'Something is wrong.']) => ({ code, severity, message, vault: 'nas' })), ...rest,
  }
}

test('two of three are protected, and the third one says why', () => {
  assert.deepEqual(overviewSentence([status('Shop'), status('ERP', [['overdue', 'failed']]), status('Home')]), {
    protected: 2, total: 3, sentence: '2 of 3 applications are protected. ERP: last restore point is 3 days old.',
  })
})

test('all, none and one have words of their own', () => {
  assert.equal(overviewSentence([]).sentence, 'No application is set up yet.')
  assert.equal(overviewSentence([status('a')]).sentence, 'The application is protected.')
  assert.equal(overviewSentence([status('a'), status('b')]).sentence, 'All 2 applications are protected.')
  const never = status('ERP', [['never-ran', 'failed']], { state: 'never' })
  assert.equal(overviewSentence([never]).sentence, 'The application is not protected. ERP: it was never backed up.')
  assert.equal(overviewSentence([never, status('x', [['too-small', 'failed', 'Too small: it is.']])]).sentence, 'None of 2 applications is protected. x: Too small: it is. ERP: it was never backed up.')
})

test('a warning that casts doubt on the data takes the word from it', () => {
  for (const code of ['overdue', 'incomplete', 'unverified', 'run-partial', 'missed', 'skipped'] as const) assert.equal(isProtected(status('a', [[code, 'warning']])), false, code)
  for (const code of ['damaged', 'clock', 'run-failed', 'interrupted'] as const) {
    assert.equal(isProtected(status('a', [[code, 'warning']])), true, code)
    assert.equal(isProtected(status('a', [[code, 'failed']])), false, code)
  }
})

test('warnings of a restore take nothing from the backups, those of a backup do', () => {
  const partial = (run: StatusReason['run']): Status => status('a', [], { reasons: [{ code: 'run-partial', severity: 'warning', message: 'It ended with warnings.', ...(run === undefined ? {} : { run }) }] })
  assert.deepEqual([isProtected(partial('restore')), isProtected(partial('backup')), isProtected(partial('verify')), isProtected(partial(undefined))], [true, false, false, false])
})

test('a run that is going on neither helps nor harms', () => {
  assert.equal(isProtected(status('a', [], { state: 'running' })), true)
  assert.equal(isProtected(status('a', [['overdue', 'failed']], { state: 'running' })), false)
})

test('without a sound restore point in every vault nothing is protected, whatever the state says', () => {
  assert.equal(isProtected(status('a', [], { vaults: [] })), false)
  assert.equal(isProtected(status('a', [], { state: 'never' })), false)
  assert.equal(overviewSentence([status('a', [], { vaults: [{ name: 'nas', reachable: true, points: 0, sizeBytes: 0 }] })]).sentence, 'The application is not protected. a: there is no restore point.')
})

test('many are counted, the gravest named', () => {
  const { sentence } = overviewSentence([status('w', [['unverified', 'warning', 'Not verified.']]), ...['a', 'b', 'c', 'd'].map((app) => status(app, [['missing', 'failed', 'One is gone.']]))])
  assert.equal(sentence, 'None of 5 applications is protected. a: One is gone. b: One is gone. c: One is gone. And 2 more.')
})

test('what was not looked at yet is never called protected', () => {
  assert.deepEqual(overviewSentence([status('a'), status('b')], 3), { protected: 2, total: 5, sentence: '2 of 5 applications are protected. 3 are being looked at.' })
  assert.equal(overviewSentence([], 1).sentence, 'No application was looked at yet.')
  assert.equal(statusReport([status('a')], '2026-11-21T10:00:00.000Z', 1).state, 'warning')
})
