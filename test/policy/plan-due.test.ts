import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planDue } from '../../src/policy/plan-due.ts'
import { sampleExpected } from './sample-expected.ts'

const friday = sampleExpected('2026-11-20T03:00:00Z')
const saturday = sampleExpected('2026-11-21T03:00:00Z')
const sunday = sampleExpected('2026-11-22T03:00:00Z')

test('one that is due begins', () => {
  for (const catchUp of [true, false]) {
    assert.deepEqual(planDue([sunday], catchUp, new Date('2026-11-22T03:14:00Z')), { start: { expected: sunday, why: 'schedule' }, missed: [] })
  }
})

test('after a weekend without power one backup makes up for all', () => {
  assert.deepEqual(planDue([sunday, friday, saturday], true, new Date('2026-11-22T20:00:00Z')), { start: { expected: sunday, why: 'catch-up' }, missed: [friday, saturday] })
})

test('without catching up they are all missed, but for one whose time is now', () => {
  assert.deepEqual(planDue([friday, saturday, sunday], false, new Date('2026-11-22T20:00:00Z')), { missed: [friday, saturday, sunday] })
  assert.deepEqual(planDue([friday, sunday], false, new Date('2026-11-22T03:00:00Z')), { start: { expected: sunday, why: 'schedule' }, missed: [friday] })
})

test('lateness counts from the moment within the jitter', () => {
  const jittered = { ...sunday, startAt: '2026-11-22T03:50:00Z' }
  assert.equal(planDue([jittered], false, new Date('2026-11-22T04:00:00Z')).start?.why, 'schedule')
})

test('nothing due, nothing done', () => {
  assert.deepEqual(planDue([], true, new Date()), { missed: [] })
})
