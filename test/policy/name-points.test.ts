import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wallClock } from '../../src/kit/wall-clock.ts'
import { namePoint } from '../../src/policy/name-points.ts'

test('a dated name carries the local date and time', () => {
  assert.equal(namePoint('demo', 'dated', 'full', wallClock(new Date('2026-11-20T23:30:05Z'), 'Europe/Rome')), 'demo_2026-11-21_003005')
  assert.equal(namePoint('demo', 'dated', 'database', wallClock(new Date('2026-11-20T23:30:05Z'), 'UTC')), 'demo_2026-11-20_233005_database')
})

test('a rolling name carries the local weekday, Monday being 1', () => {
  const names = Array.from({ length: 7 }, (_, day) => namePoint('demo', 'rolling', 'full', wallClock(new Date(Date.UTC(2026, 10, 16 + day, 12)), 'UTC')))
  assert.deepEqual(names, [1, 2, 3, 4, 5, 6, 7].map((day) => `demo_rolling_${day}`))
  assert.equal(namePoint('demo', 'rolling', 'full', wallClock(new Date('2026-11-22T23:30:00Z'), 'Europe/Rome')), 'demo_rolling_1')
})

test('a partial rolling point never takes the name of a full one', () => {
  assert.equal(namePoint('demo', 'rolling', 'partial', wallClock(new Date('2026-11-20T12:00:00Z'), 'UTC')), 'demo_rolling_5_partial')
})

test('an application whose name is no file name gets a safe one', () => {
  assert.match(namePoint('../x y', 'rolling', 'full', wallClock(new Date('2026-11-20T12:00:00Z'), 'UTC')), /^x-y-[0-9a-f]{8}_rolling_5$/)
})
