import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { noticeSchema } from '../../src/model/notice.ts'
import type { Status, StatusReason } from '../../src/model/status.ts'
import { decideNotices, notifyMemorySchema } from '../../src/policy/notify-rules.ts'
import type { NotifyDecision, NotifyMemory, NotifyRules } from '../../src/policy/notify-rules.ts'
import { sampleStatus } from './sample-status.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
// A Friday.
const start = Date.parse('2026-11-20T12:00:00Z')
const all: NotifyRules = { on: ['failure', 'warning', 'overdue', 'recovery', 'summary'], remindAfterMs: dayMs, summary: { weekday: 1, hour: 8, timezone: 'Europe/Rome' } }

/** What is told over time; the memory goes through JSON, as it is kept. */
class Teller {
  memory: NotifyMemory | undefined
  readonly rules: NotifyRules
  constructor(rules: Partial<NotifyRules> = {}) {
    this.rules = { ...all, ...rules }
  }

  at(ms: number, statuses: readonly Status[], apps: readonly string[] = statuses.map(({ app }) => app)): readonly NotifyDecision[] {
    const { decisions, memory } = decideNotices(this.memory, { statuses, apps, url: 'https://hf.example' }, this.rules, new Date(start + ms))
    this.memory = notifyMemorySchema.parse(JSON.parse(JSON.stringify(memory)))
    for (const { notice } of decisions) {
      noticeSchema.parse(notice)
      assert.doesNotMatch(notice.title, /\p{Cc}/u)
    }
    return decisions
  }

  kinds(ms: number, ...reasons: Parameters<typeof sampleStatus>[1] & {}): string {
    return this.at(ms, [sampleStatus('erp', reasons)]).map(({ notice }) => `${notice.kind}:${notice.severity}`).join(' ')
  }
}

test('a failure is told once, again after the reminder time, and its end is told once', () => {
  const teller = new Teller()
  assert.equal(teller.kinds(0), '')
  assert.equal(teller.kinds(minuteMs, 'run-failed'), 'failure:failed')
  assert.equal(teller.kinds(2 * minuteMs, 'run-failed'), '')
  assert.equal(teller.kinds(23 * hourMs, 'run-failed'), '')
  assert.equal(teller.kinds(25 * hourMs, 'run-failed'), 'failure:failed')
  assert.equal(teller.kinds(26 * hourMs), 'recovery:info')
  assert.equal(teller.kinds(27 * hourMs), '')
  assert.equal(teller.kinds(28 * hourMs, 'run-failed'), 'failure:failed', 'it came again: a new one')
})

test('what already stands at the first look is told', () => {
  assert.equal(new Teller().kinds(0, 'run-failed'), 'failure:failed')
})

test('a further cause is told at once, one that gets another error too, and a message that only grows older not', () => {
  const teller = new Teller()
  const failed = (message: string, error: string): StatusReason => ({ code: 'run-failed', severity: 'failed', message, run: 'backup', error })
  assert.equal(teller.kinds(0, failed('1m ago', 'storage.full')), 'failure:failed')
  assert.equal(teller.kinds(minuteMs, failed('2m ago', 'storage.full')), '')
  assert.equal(teller.kinds(2 * minuteMs, failed('1m ago', 'database.dump')), 'failure:failed')
  assert.equal(teller.kinds(3 * minuteMs, failed('2m ago', 'database.dump'), { code: 'run-failed', severity: 'failed', message: '', run: 'verify', error: 'database.dump' }), 'failure:failed')
})

test('a delay that grows from a warning to a failure is one', () => {
  const teller = new Teller()
  assert.equal(teller.kinds(0, 'overdue:warning'), 'overdue:warning')
  assert.equal(teller.kinds(hourMs, 'overdue:failed'), '')
  assert.equal(teller.kinds(dayMs, 'overdue:failed'), 'overdue:failed')
  assert.equal(teller.kinds(dayMs + hourMs), 'recovery:info')
})

test('warnings are told once and not repeated, and put off no reminder of a failure', () => {
  const teller = new Teller({ on: ['failure', 'warning'] })
  assert.equal(teller.kinds(0, 'incomplete:warning'), 'failure:warning')
  assert.equal(teller.kinds(2 * dayMs, 'incomplete:warning'), '')
  assert.equal(teller.kinds(2 * dayMs, 'run-failed', 'incomplete:warning'), 'failure:failed')
  assert.equal(teller.kinds(2 * dayMs + 23 * hourMs, 'run-failed', 'incomplete:warning', 'unverified:warning'), 'failure:warning')
  assert.equal(teller.kinds(3 * dayMs, 'run-failed', 'incomplete:warning', 'unverified:warning'), 'failure:failed')
})

test('a recovery is told only when no failure and no delay is left; a warning may be', () => {
  const teller = new Teller()
  teller.kinds(0, 'run-failed', 'vault-unreachable')
  assert.equal(teller.kinds(minuteMs, 'vault-unreachable'), '')
  const [decision] = teller.at(2 * minuteMs, [sampleStatus('erp', ['unverified:warning', 'incomplete:warning'])])
  assert.equal(decision?.notice.severity, 'warning', 'the warnings are new')
  assert.equal(teller.kinds(3 * minuteMs, 'unverified:warning'), 'recovery:info')
  assert.equal(teller.kinds(4 * minuteMs, 'unverified:warning'), '')
})

test('a new application is not missed before it could have been backed up', () => {
  const teller = new Teller()
  assert.equal(teller.kinds(0, 'never-ran'), '')
  assert.equal(teller.kinds(23 * hourMs, 'never-ran'), '')
  assert.equal(teller.kinds(24 * hourMs, 'never-ran'), 'overdue:failed')
  const early = new Teller()
  early.kinds(0, 'never-ran')
  assert.equal(early.kinds(hourMs), '', 'nothing was told, so that nothing has recovered')
})

test('only what was asked for is told, and what is asked for later is told then', () => {
  const teller = new Teller({ on: ['recovery'] })
  assert.equal(teller.kinds(0, 'run-failed'), '')
  assert.equal(teller.kinds(hourMs), 'recovery:info')
  teller.kinds(2 * hourMs, 'run-failed')
  Object.assign(teller.rules, { on: ['failure'] })
  assert.equal(teller.kinds(3 * hourMs, 'run-failed'), 'failure:failed')
})

test('an application that was not judged yet is not forgotten, and one that was removed is', () => {
  const teller = new Teller()
  const erp = sampleStatus('erp', ['run-failed'])
  assert.equal(teller.at(0, [erp], ['erp', 'nas']).length, 1)
  assert.equal(teller.at(1000, [], ['erp', 'nas']).length, 0)
  assert.equal(teller.at(2000, [erp], ['erp', 'nas']).length, 0)
  teller.at(3000, [], [])
  assert.equal(teller.at(4000, [erp], ['erp']).length, 1)
})

test('names of the language itself are names like others', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const teller = new Teller()
    assert.equal(teller.at(0, [sampleStatus(name, ['run-failed'])]).length, 1, name)
    assert.equal(teller.at(1000, [sampleStatus(name, ['run-failed'])]).length, name === '__proto__' ? 1 : 0, name)
  }
})

test('the summary comes at its hour of its weekday in its time zone, once, also after a sleep and over a change of the clock', () => {
  const teller = new Teller({ on: ['summary'] })
  const at = (instant: string): number => Date.parse(instant) - start
  const told = (instant: string): number => teller.at(at(instant), [sampleStatus('erp', ['run-failed']), sampleStatus('nas')]).length
  assert.equal(told('2026-11-20T12:00:00Z'), 0)
  assert.equal(told('2026-11-23T06:59:59Z'), 0)
  assert.equal(told('2026-11-23T07:00:00Z'), 1, 'Monday, 8 in Rome')
  assert.equal(told('2026-11-23T07:01:00Z'), 0)
  assert.equal(told('2026-12-24T00:00:00Z'), 1, 'four were slept through')
  assert.equal(told('2026-12-24T00:01:00Z'), 0)
  assert.equal(told('2027-03-29T05:59:00Z'), 1)
  assert.equal(told('2027-03-29T06:00:00Z'), 1, 'now in summer time')
  const [summary] = new Teller({ on: ['summary'] }).at(0, [])
  assert.equal(summary, undefined)
})

test('the summary waits until all are judged, and says what is not protected first', () => {
  const teller = new Teller({ on: ['summary'] })
  teller.at(0, [sampleStatus('nas')], ['nas', 'erp'])
  assert.equal(teller.at(3 * dayMs, [sampleStatus('nas')], ['nas', 'erp']).length, 0)
  const [decision] = teller.at(3 * dayMs + 1000, [sampleStatus('nas'), sampleStatus('erp', ['run-failed'])])
  assert.equal(decision?.notice.title, '1 of 2 applications are protected')
  assert.equal(decision?.notice.text, 'erp: It is run-failed.\nnas: All is well.')
  assert.equal(decision?.notice.severity, 'failed')
})

test('a clock that was years ahead puts nothing off until then', () => {
  const teller = new Teller()
  teller.kinds(3000 * dayMs, 'run-failed')
  assert.notEqual(teller.kinds(0, 'run-failed'), '')
  assert.match(teller.kinds(4 * dayMs, 'run-failed'), /weekly-summary/)
})

test('hostile messages become harmless lines', () => {
  const [decision] = new Teller().at(0, [sampleStatus('erp\u202e', [{ code: 'missing', severity: 'failed', message: 'gone: \u001b[31mx\r\nSubject: y\u202e' }])])
  assert.doesNotMatch((decision?.notice.text ?? '').replaceAll('\n', ''), /[\p{Cc}\u202e]/u)
  assert.equal(decision?.notice.text.split('\n').length, 1)
  assert.doesNotMatch(decision?.notice.app ?? '', /\u202e/)
})

const codes = ['run-failed', 'vault-unreachable', 'overdue', 'missed', 'incomplete:warning', 'unverified:warning'] as const
type Code = typeof codes[number]

/** Looks at one application: how long after the one before, and what stands then. */
const history = fc.array(fc.record({ afterMs: fc.oneof(fc.integer({ min: 1, max: 10 * minuteMs }), fc.integer({ min: 1, max: 3 * dayMs })), standing: fc.uniqueArray(fc.constantFrom(...codes)) }), { maxLength: 40 })

test('whatever happens: each cause is told exactly once while it lasts, reminders keep their distance, and no trouble is left untold', () => {
  fc.assert(fc.property(history, (looks) => {
    const teller = new Teller({ on: ['failure', 'warning', 'overdue', 'recovery'] })
    let atMs = 0
    const told = new Set<string>()
    let before: readonly Code[] = []
    let lastGraveMs: number | undefined
    let troubled = false
    for (const { afterMs, standing } of looks) {
      atMs += afterMs
      const decisions = teller.at(atMs, [sampleStatus('erp', standing)])
      assert.ok(decisions.length <= 1, 'one notice a look')
      const fresh = standing.filter((code) => !before.includes(code))
      for (const code of before) if (!standing.includes(code)) told.delete(code)
      const causes = decisions.flatMap((decision) => decision.causes.map((cause) => cause.split('/')[0]))
      assert.deepEqual(causes.toSorted(), fresh.map((code) => code.split(':')[0]).toSorted(), 'exactly the new ones')
      const grave = standing.filter((code) => !code.endsWith(':warning'))
      const [decision] = decisions
      if (fresh.some((code) => grave.includes(code))) lastGraveMs = atMs
      else if (decision !== undefined && causes.length === 0 && decision.notice.kind !== 'recovery') {
        assert.ok(lastGraveMs !== undefined && atMs - lastGraveMs >= dayMs, 'a reminder too early')
        lastGraveMs = atMs
      }
      // A look at which something new is told reminds at the next one.
      if (grave.length > 0 && fresh.length === 0) assert.ok(lastGraveMs !== undefined && atMs - lastGraveMs < dayMs, 'a reminder is missing')
      if (grave.length === 0) lastGraveMs = undefined
      assert.equal(decision?.notice.kind === 'recovery', troubled && grave.length === 0 && fresh.length === 0)
      troubled = grave.length > 0 || (troubled && fresh.length > 0)
      before = standing
    }
  }), { numRuns: 300 })
})
