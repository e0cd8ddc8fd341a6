import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KeepRules } from '../../src/model/keep-rules.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { retain } from '../../src/policy/retain.ts'
import { dailyPoints, samplePoint } from './sample-points.ts'

const now = new Date('2026-11-20T12:00:00Z')

function kept(all: readonly Snapshot[], rules: KeepRules, zone = 'UTC', at = now): string[] {
  const keep = new Set(retain(all, rules, at, zone).filter((verdict) => verdict.keep).map(({ id }) => id))
  return all.filter(({ id }) => keep.has(id)).map(({ startedAt }) => startedAt.slice(0, 16))
}

function lastTwo(points: readonly Snapshot[]): string[] {
  return retain(points, { last: 2 }, now).filter(({ keep }) => keep).map(({ id }) => id).sort()
}

function reasonsOf(all: readonly Snapshot[], rules: KeepRules, point: Snapshot | undefined): string {
  return retain(all, rules, now, 'UTC').find(({ id }) => id === point?.id)?.reasons.join('; ') ?? ''
}

test('last keeps the newest ones and says why the others go', () => {
  const all = dailyPoints('2026-11-01T03:00:00Z', 10)
  assert.deepEqual(kept(all, { last: 2 }), ['2026-11-09T03:00', '2026-11-10T03:00'])
  assert.equal(reasonsOf(all, { last: 2 }, all[8]), 'last 2: number 2 from the newest')
  assert.equal(reasonsOf(all, { last: 2 }, all[7]), 'no rule keeps it (last 2)')
})

test('each calendar rule keeps the newest point of each bucket', () => {
  const all = [
    '2024-12-31T23:00', '2025-06-01T01:00', '2026-09-30T10:00', '2026-10-31T10:00', '2026-11-08T23:00', '2026-11-09T01:00',
    '2026-11-18T01:00', '2026-11-18T22:00', '2026-11-19T09:10', '2026-11-19T09:50', '2026-11-20T10:00',
  ].map((at) => samplePoint(`${at}:00Z`))
  assert.deepEqual(kept(all, { hourly: 2 }), ['2026-11-19T09:50', '2026-11-20T10:00'])
  assert.deepEqual(kept(all, { daily: 3 }), ['2026-11-18T22:00', '2026-11-19T09:50', '2026-11-20T10:00'])
  assert.deepEqual(kept(all, { weekly: 3 }), ['2026-11-08T23:00', '2026-11-09T01:00', '2026-11-20T10:00'])
  assert.deepEqual(kept(all, { monthly: 3 }), ['2026-09-30T10:00', '2026-10-31T10:00', '2026-11-20T10:00'])
  assert.deepEqual(kept(all, { yearly: 2 }), ['2025-06-01T01:00', '2026-11-20T10:00'])
})

test('the oldest point stays while there are fewer buckets than asked for', () => {
  const all = [...dailyPoints('2026-11-18T03:00:00Z', 2), ...dailyPoints('2026-11-18T09:00:00Z', 3)]
  assert.deepEqual(kept(all, { daily: 7 }), ['2026-11-18T03:00', '2026-11-18T09:00', '2026-11-19T09:00', '2026-11-20T09:00'])
  assert.match(reasonsOf(all, { daily: 7 }, all[0]), /^daily 7: the oldest, as there are fewer days than 7$/)
})

test('days are counted in the given time zone', () => {
  const all = ['2026-11-18T22:30', '2026-11-18T23:30', '2026-11-19T22:30'].map((at) => samplePoint(`${at}:00Z`))
  assert.deepEqual(kept(all, { daily: 2 }, 'UTC'), ['2026-11-18T23:30', '2026-11-19T22:30'])
  assert.deepEqual(kept(all, { daily: 2 }, 'Europe/Rome'), ['2026-11-18T22:30', '2026-11-19T22:30'])
})

test('the hour that the end of summer time repeats is two hours, and the short day is one day', () => {
  const fall = ['2026-10-24T23:30', '2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30'].map((at) => samplePoint(`${at}:00Z`))
  assert.deepEqual(kept(fall, { hourly: 3 }, 'Europe/Rome'), ['2026-10-25T00:30', '2026-10-25T01:30', '2026-10-25T02:30'])
  const spring = ['2026-03-28T22:30', '2026-03-28T23:30', '2026-03-29T21:30', '2026-03-29T22:30'].map((at) => samplePoint(`${at}:00Z`))
  assert.deepEqual(kept(spring, { daily: 2 }, 'Europe/Rome'), ['2026-03-29T21:30', '2026-03-29T22:30'])
})

test('within counts from the newest point, so that a stopped backup loses nothing by time alone', () => {
  const all = dailyPoints('2025-01-01T03:00:00Z', 30)
  assert.equal(kept(all, { within: '7d' }).length, 8)
})

test('a point long after the others, as of a clock that was ahead, makes none of them too old for within; time that is proven by points does', () => {
  const all = dailyPoints('2025-10-01T03:00:00Z', 23)
  const later = dailyPoints('2026-10-01T03:00:00Z', 40)
  assert.equal(kept([...all, ...later.slice(0, 1)], { within: '30d' }).length, 24)
  assert.match(reasonsOf([...all, ...later.slice(0, 1)], { within: '30d' }, all[0]), /^within 30d of the newest, as a long time without any counts for little$/)
  assert.equal(kept([...all, ...later.slice(0, 3)], { within: '30d' }).length, 24, 'the oldest go one by one')
  assert.equal(kept([...all, ...later], { within: '30d' }).length, 31)
  assert.equal(kept([...all, ...dailyPoints('2025-11-20T03:00:00Z', 1)], { within: '30d' }).length, 4, 'a usual pause counts in full')
  assert.deepEqual(kept(dailyPoints('2026-10-01T03:00:00Z', 9), { within: '1h' }), ['2026-10-09T03:00'])
})

test('rules that keep nothing remove nothing, and say so', () => {
  const all = [...dailyPoints('2026-01-01T03:00:00Z', 5), ...dailyPoints('2026-01-01T04:00:00Z', 5, { complete: false }), ...dailyPoints('2026-01-01T05:00:00Z', 5, { scope: 'database' })]
  for (const rules of [{}, { last: 0 }, { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, within: '0d', maxSize: '0' }, { incomplete: {}, partial: { last: 0 } }]) {
    assert.equal(kept(all, rules).length, 15, JSON.stringify(rules))
  }
  assert.equal(reasonsOf(all, { last: 0 }, all[0]), 'no rule says to keep anything, so nothing is removed')
})

test('a 0 beside other rules keeps none by itself', () => {
  assert.equal(kept(dailyPoints('2026-11-01T03:00:00Z', 10), { last: 0, daily: 2 }).length, 2)
})

test('the newest full and the newest verified one of each scope always stay', () => {
  const verifiedAt = '2026-02-01T00:00:00Z'
  const all = [
    samplePoint('2026-01-01T00:00:00Z', { verifiedAt }), samplePoint('2026-01-02T00:00:00Z', { verifiedAt }), samplePoint('2026-01-03T00:00:00Z'), samplePoint('2026-01-04T00:00:00Z'),
    samplePoint('2026-01-01T01:00:00Z', { scope: 'database', verifiedAt }), samplePoint('2026-01-02T01:00:00Z', { scope: 'database' }),
  ]
  assert.deepEqual(kept(all, { last: 1 }), ['2026-01-02T00:00', '2026-01-04T00:00', '2026-01-01T01:00', '2026-01-02T01:00'])
})

test('partial, database and incomplete points take no complete full one\'s place', () => {
  const full = dailyPoints('2026-11-01T03:00:00Z', 3)
  const others = (['partial', 'database'] as const).flatMap((scope) => dailyPoints('2026-11-10T03:00:00Z', 5, { scope, verifiedAt: '2026-11-19T00:00:00Z' }))
  const incomplete = dailyPoints('2026-11-15T03:00:00Z', 5, { complete: false })
  const keep = kept([...full, ...others, ...incomplete], { last: 3, maxSize: '3kB' })
  for (const { startedAt } of full) assert.ok(keep.includes(startedAt.slice(0, 16)))
})

test('partial and database points expire after 30 days once a newer full one exists', () => {
  const old = dailyPoints('2026-08-01T03:00:00Z', 3, { scope: 'database' })
  const newer = dailyPoints('2026-10-11T03:00:00Z', 41)
  assert.equal(kept([...old, ...newer], { daily: 7 }).length, 7)
  assert.match(reasonsOf([...old, ...newer], { daily: 7 }, old[0]), /older than 30 days, and a newer full one exists/)
  assert.equal(kept([...old, ...newer.slice(-1)], { daily: 7 }).length, 4, 'one point tells of no time that has passed: its clock may be wrong')
  const before = samplePoint('2026-07-01T00:00:00Z')
  assert.equal(kept([before, ...old], { daily: 7 }).length, 4)
  assert.equal(kept([...old, ...newer], { daily: 7, database: { last: 2 } }).length, 9, 'own rules replace the expiry')
})

test('an application that only ever saves its database keeps by the main rules', () => {
  assert.equal(kept(dailyPoints('2025-01-01T03:00:00Z', 400, { scope: 'database' }), { monthly: 12 }).length, 12)
})

test('incomplete points go once a newer complete one exists', () => {
  const incomplete = dailyPoints('2026-11-10T03:00:00Z', 3, { complete: false })
  assert.deepEqual(kept([...incomplete, samplePoint('2026-11-13T03:00:00Z')], { last: 5 }), ['2026-11-13T03:00'])
  assert.equal(kept([...incomplete, samplePoint('2026-11-13T03:00:00Z', { scope: 'partial' })], { last: 5 }).length, 4, 'a partial one is no substitute')
  assert.equal(kept([...incomplete, samplePoint('2026-11-13T03:00:00Z', { damagedAt: '2026-11-14T03:00:00Z' })], { last: 5 }).length, 4, 'nor is a damaged one')
})

test('without a newer complete one the newest three incomplete ones stay for 30 days and the newest for good', () => {
  const complete = samplePoint('2026-01-01T00:00:00Z')
  const recent = dailyPoints('2026-11-10T03:00:00Z', 5, { complete: false })
  assert.equal(kept([complete, ...recent], { last: 5 }).length, 4)
  const old = dailyPoints('2026-02-01T03:00:00Z', 5, { complete: false })
  assert.deepEqual(kept([complete, ...old], { last: 5 }), ['2026-01-01T00:00', '2026-02-05T03:00'])
})

test('a damaged point takes no sound one\'s place and is judged among the damaged', () => {
  const sound = dailyPoints('2026-11-01T03:00:00Z', 4)
  const damaged = dailyPoints('2026-11-05T03:00:00Z', 4, { damagedAt: '2026-11-19T00:00:00Z', verifiedAt: '2026-11-09T00:00:00Z' })
  assert.deepEqual(kept([...sound, ...damaged], { last: 2 }), ['2026-11-03T03:00', '2026-11-04T03:00', '2026-11-07T03:00', '2026-11-08T03:00'])
  assert.match(reasonsOf([...sound, ...damaged], { last: 2 }, damaged[3]), /^damaged \(found 2026-11-19T00:00:00Z\)/)
})

test('maxSize takes damaged ones first, then the oldest, never the last nor the newest verified', () => {
  const all = dailyPoints('2026-11-01T03:00:00Z', 5)
  assert.deepEqual(kept(all, { maxSize: '2500' }), ['2026-11-04T03:00', '2026-11-05T03:00'])
  assert.deepEqual(kept(all, { maxSize: '1' }), ['2026-11-05T03:00'])
  const [first, ...rest] = all
  assert.deepEqual(kept([samplePoint(first?.startedAt ?? '', { verifiedAt: '2026-11-02T00:00:00Z' }), ...rest], { last: 5, maxSize: '3kB' }), ['2026-11-01T03:00', '2026-11-04T03:00', '2026-11-05T03:00'])
  const damaged = samplePoint('2026-11-06T03:00:00Z', { damagedAt: '2026-11-07T00:00:00Z' })
  assert.equal(kept([...all, damaged], { last: 5, maxSize: '5kB' }).length, 5)
  const databases = dailyPoints('2026-11-01T03:00:00Z', 3, { scope: 'database' })
  assert.deepEqual(kept([...databases, samplePoint('2026-10-01T00:00:00Z')], { database: { maxSize: '1' } }), ['2026-11-03T03:00', '2026-10-01T00:00'], 'the last of a kind stays')
  assert.match(reasonsOf([...all, damaged], { last: 5, maxSize: '5kB' }, damaged), /^over maxSize 5kB: damaged ones go first/)
  assert.match(reasonsOf(all, { maxSize: '2500' }, all[0]), /the oldest go first \(this one takes 1 kB\)/)
})

test('a point from the future is kept and told, and protects no other from being the newest', () => {
  const future = samplePoint('2031-01-01T00:00:00Z', { verifiedAt: '2031-01-01T01:00:00Z' })
  const verified = samplePoint('2026-11-01T00:00:00Z', { verifiedAt: '2026-11-01T01:00:00Z' })
  const all = [verified, ...dailyPoints('2026-11-02T03:00:00Z', 5), future]
  assert.deepEqual(kept(all, { last: 1 }), ['2026-11-01T00:00', '2026-11-06T03:00', '2031-01-01T00:00'])
  assert.match(reasonsOf(all, { last: 1 }, future), /future \(2031-01-01T00:00:00Z\): a clock was wrong/)
})

test('rolling points are never removed and count for nothing', () => {
  const rolling = dailyPoints('2026-11-13T03:00:00Z', 7, { slot: 'rolling', verifiedAt: '2026-11-20T04:00:00Z' })
  const dated = dailyPoints('2026-10-01T03:00:00Z', 3)
  assert.equal(kept([...rolling, ...dated], { last: 2, maxSize: '1' }).length, 8)
})

test('applications do not compete with each other', () => {
  const all = [...dailyPoints('2026-11-01T03:00:00Z', 3), ...dailyPoints('2026-10-01T03:00:00Z', 3, { app: 'other' })]
  assert.deepEqual(kept(all, { last: 1 }), ['2026-11-03T03:00', '2026-10-03T03:00'])
})

test('an application with only damaged, incomplete or partial points keeps at least one', () => {
  for (const rest of [{ damagedAt: '2026-01-01T00:00:00Z' }, { complete: false }, { complete: false, damagedAt: '2026-01-01T00:00:00Z' }, { scope: 'partial' }] as const) {
    assert.ok(kept(dailyPoints('2025-01-01T00:00:00Z', 4, rest), { last: 1, maxSize: '1' }).length > 0, JSON.stringify(rest))
  }
})

test('points of the same instant are told apart by their ids, whatever the order given', () => {
  const all = Array.from({ length: 4 }, () => samplePoint('2026-11-01T00:00:00Z'))
  assert.deepEqual(lastTwo(all), lastTwo(all.toReversed()))
  assert.equal(lastTwo(all).length, 2)
})

test('verdicts come in the order of the points, one for each', () => {
  const all = [...dailyPoints('2026-11-01T03:00:00Z', 3), ...dailyPoints('2026-10-01T03:00:00Z', 3, { slot: 'rolling' })].toReversed()
  assert.deepEqual(retain(all, { last: 1 }, now).map(({ id }) => id), all.map(({ id }) => id))
  assert.ok(retain(all, { last: 1 }, now).every(({ reasons }) => reasons.length > 0))
})
