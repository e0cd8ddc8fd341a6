import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectedRuns, nextStart } from '../../src/policy/expected-runs.ts'
import { parseSchedule } from '../../src/policy/schedule.ts'

const daily = parseSchedule({ cron: '30 2 * * *', timezone: 'Europe/Rome' })
const jittered = parseSchedule({ cron: 'daily', timezone: 'UTC', jitter: '30m' })
const day = (at: string): Date => new Date(at)

test('neighbouring spans give each run once, also over a change of the clock', () => {
  for (const [from, until] of [['2026-03-26T00:00Z', '2026-04-01T00:00Z'], ['2026-10-22T00:00Z', '2026-10-28T00:00Z']] as const) {
    const whole = expectedRuns('demo', daily, day(from), day(until)).map(({ dueAt }) => dueAt.toISOString())
    const pieces: string[] = []
    for (let at = Date.parse(from); at < Date.parse(until); at += 15 * 60_000) pieces.push(...expectedRuns('demo', daily, new Date(at), new Date(at + 15 * 60_000)).map(({ dueAt }) => dueAt.toISOString()))
    assert.equal(whole.length, 6)
    assert.deepEqual(pieces, whole)
  }
})

test('a run begins at its own moment within the jitter, the same whenever it is asked for', () => {
  const [first] = expectedRuns('demo', jittered, day('2026-11-20T00:00Z'), day('2026-11-21T00:00Z'))
  const again = expectedRuns('demo', jittered, day('2026-11-19T00:00Z'), day('2026-11-24T00:00Z'))
  assert.deepEqual(again.find(({ dueAt }) => dueAt.getTime() === first?.dueAt.getTime()), first)
  const delays = Array.from({ length: 200 }, (_, index) => expectedRuns(`app-${index}`, jittered, day('2026-11-20T00:00Z'), day('2026-11-21T00:00Z')).map(({ dueAt, startAt }) => (startAt.getTime() - dueAt.getTime()) / 60_000)).flat()
  assert.equal(delays.length, 200)
  assert.ok(delays.every((minutes) => minutes >= 0 && minutes < 30))
  // Spread over the whole half hour, in each tenth of it.
  for (let tenth = 0; tenth < 10; tenth++) assert.ok(delays.filter((minutes) => Math.floor(minutes / 3) === tenth).length >= 8, `${tenth}`)
})

test('jitter never reaches beyond the next run', () => {
  const often = parseSchedule({ cron: '*/10 * * * *', jitter: '2h' })
  const runs = expectedRuns('demo', often, day('2026-11-20T00:00Z'), day('2026-11-20T12:00Z'))
  assert.ok(runs.every(({ startAt }, index) => startAt < (runs[index + 1]?.dueAt ?? day('2026-11-20T12:10Z'))))
})

test('the next start is that of a run that is due and waits for its moment', () => {
  const [run] = expectedRuns('demo', jittered, day('2026-11-20T00:00Z'), day('2026-11-21T00:00Z'))
  assert.ok(run !== undefined)
  assert.deepEqual(nextStart('demo', jittered, new Date(run.startAt.getTime() - 1)), run.startAt)
  assert.ok(Number(nextStart('demo', jittered, run.startAt)) > run.startAt.getTime() + 23 * 3_600_000)
  assert.deepEqual(nextStart('demo', parseSchedule({ cron: '0 3 * * *', timezone: 'UTC' }), day('2026-11-20T03:00Z')), day('2026-11-21T03:00Z'))
})
