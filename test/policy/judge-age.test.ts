import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../src/model/restore-point.ts'
import type { AgeFacts } from '../../src/policy/judge-age.ts'
import { judgeAge } from '../../src/policy/judge-age.ts'
import { parseSchedule } from '../../src/policy/schedule.ts'
import { samplePoint } from './sample-points.ts'

const madeOn = (...times: readonly string[]): readonly Snapshot[] => times.map((at) => samplePoint(`2026-${at}Z`)).toReversed()

/** `ok`, or how grave it is; at a time of 2026. */
function judged(facts: Omit<AgeFacts, 'every'> & { every?: string }, at: string): string {
  return judgeAge({ every: undefined, ...facts }, new Date(`2026-${at}Z`))?.severity ?? 'ok'
}

test('a schedule says when a point is late, days without a backup included', () => {
  const good = madeOn('11-20T03:00:01')
  const daily = parseSchedule({ cron: '0 3 * * *', timezone: 'UTC' })
  assert.deepEqual(['11-21T03:30:00', '11-21T06:00:00', '11-22T02:00:00', '11-22T04:00:00'].map((at) => judged({ good, schedule: daily }, at)), ['ok', 'warning', 'warning', 'failed'])
  const workdays = parseSchedule({ cron: '0 3 * * 1-5', timezone: 'UTC' })
  assert.deepEqual(['11-22T12:00:00', '11-23T12:00:00', '11-24T12:00:00'].map((at) => judged({ good, schedule: workdays }, at)), ['ok', 'warning', 'failed'], 'the 20th is a Friday')
  assert.equal(judged({ good, schedule: parseSchedule({ cron: '0 3 * * *', timezone: 'UTC', jitter: '6h' }) }, '11-21T10:00:00'), 'ok')
  assert.equal(judged({ good: madeOn('11-20T02:59:58'), schedule: daily }, '11-20T12:00:00'), 'ok', 'a clock was corrected')
  assert.equal(judged({ good, schedule: daily, every: '7d' }, '11-22T04:00:00'), 'ok', 'what is said goes first')
  assert.equal(judged({ good, schedule: daily, every: 'never' }, '12-31T00:00:00'), 'ok')
})

test('without a schedule the earlier points tell what is usual, and it is a warning alone', () => {
  const days = (...list: readonly number[]): readonly Snapshot[] => madeOn(...list.map((day) => `11-${String(day).padStart(2, '0')}T03:00:00`))
  assert.deepEqual(['11-20T03:00:00', '11-20T04:00:00', '12-31T00:00:00'].map((at) => judged({ good: days(10, 11, 12, 13, 14, 15, 16) }, at)), ['ok', 'warning', 'warning'])
  const monthly = madeOn('05-01T10:00:00', '06-01T10:00:00', '07-01T10:00:00')
  assert.deepEqual(['09-30T00:00:00', '10-05T00:00:00'].map((at) => judged({ good: monthly }, at)), ['ok', 'warning'], 'who saves by hand each month is not told each week')
})

test('one point, two, or several of one day tell nothing of that: after 8 days it is a warning', () => {
  const morning = madeOn('11-10T08:00:00', '11-10T08:10:00', '11-10T09:00:00', '11-10T09:01:00')
  for (const good of [morning.slice(0, 1), morning, [...morning, ...madeOn('11-09T08:00:00')]]) {
    assert.deepEqual(['11-18T08:00:00', '11-18T10:00:00'].map((at) => judged({ good }, at)), ['ok', 'warning'])
  }
  assert.equal(judged({ good: madeOn('09-01T00:00:00', '10-01T00:00:00') }, '11-01T00:00:00'), 'ok', 'of two months apart it is no reason yet')
  assert.equal(judged({ good: [] }, '11-01T00:00:00'), 'ok')
})
