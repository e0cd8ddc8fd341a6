import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dueMoments } from '../../src/policy/due-moments.ts'

function moments(cron: string, timezone: string, after: string, until: string): string[] {
  const found: string[] = []
  for (const at of dueMoments({ cron, timezone }, new Date(after))) {
    if (at.toISOString() > new Date(until).toISOString()) break
    found.push(at.toISOString().slice(5, 16))
  }
  return found
}

// What the wall shows when it is due, and the days around a change of the clock.
const days: readonly (readonly [what: string, cron: string, timezone: string, from: string, until: string, wanted: string])[] = [
  ['02:30 that is skipped comes at 03:30', '30 2 * * *', 'Europe/Rome', '2026-03-27T12:00Z', '2026-03-30T12:00Z', '03-28T01:30 03-29T01:30 03-30T00:30'],
  ['02:30 that comes twice counts the first time', '30 2 * * *', 'Europe/Rome', '2026-10-23T12:00Z', '2026-10-26T12:00Z', '10-24T00:30 10-25T00:30 10-26T01:30'],
  ['02:30 in New York, forward', '30 2 * * *', 'America/New_York', '2026-03-06T12:00Z', '2026-03-09T12:00Z', '03-07T07:30 03-08T07:30 03-09T06:30'],
  ['01:30 in New York, back', '30 1 * * *', 'America/New_York', '2026-10-30T12:00Z', '2026-11-02T12:00Z', '10-31T05:30 11-01T05:30 11-02T06:30'],
  ['02:15 on Lord Howe, half an hour forward', '15 2 * * *', 'Australia/Lord_Howe', '2026-10-01T20:00Z', '2026-10-04T20:00Z', '10-02T15:45 10-03T15:45 10-04T15:15'],
  ['times that the change puts into another order come in order', '15,20,40 2 * * *', 'Australia/Lord_Howe', '2026-10-03T02:00Z', '2026-10-04T02:00Z', '10-03T15:40 10-03T15:45 10-03T15:50'],
  ['01:45 on Lord Howe, half an hour back', '45 1 * * *', 'Australia/Lord_Howe', '2026-04-02T20:00Z', '2026-04-05T20:00Z', '04-03T14:45 04-04T14:45 04-05T15:15'],
  ['midnight that is skipped in Cairo', '0 0 * * *', 'Africa/Cairo', '2026-04-22T12:00Z', '2026-04-25T12:00Z', '04-22T22:00 04-23T22:00 04-24T21:00'],
  ['a yearly one on the day that skips it', '30 2 29 3 *', 'Europe/Rome', '2026-01-01T00:00Z', '2027-12-31T00:00Z', '03-29T01:30 03-29T00:30'],
  ['two times of which one is moved onto the other are one', '30 2,3 * * *', 'Europe/Rome', '2026-03-28T12:00Z', '2026-03-30T00:45Z', '03-29T01:30 03-30T00:30'],
  ['several times within the hour that is skipped', '0,30 2 * * *', 'Europe/Rome', '2026-03-28T12:00Z', '2026-03-29T12:00Z', '03-29T01:00 03-29T01:30'],
  ['hourly keeps to real time, forward', '0 * * * *', 'Europe/Rome', '2026-03-28T23:30Z', '2026-03-29T03:00Z', '03-29T00:00 03-29T01:00 03-29T02:00 03-29T03:00'],
  ['hourly keeps to real time, back', '0 * * * *', 'Europe/Rome', '2026-10-24T22:30Z', '2026-10-25T03:00Z', '10-24T23:00 10-25T00:00 10-25T01:00 10-25T02:00 10-25T03:00'],
  ['every half hour keeps to real time, forward', '*/30 * * * *', 'Europe/Rome', '2026-03-29T00:10Z', '2026-03-29T02:00Z', '03-29T00:30 03-29T01:00 03-29T01:30 03-29T02:00'],
  ['every two hours, back: no hour twice', '0 */2 * * *', 'Europe/Rome', '2026-10-24T22:30Z', '2026-10-25T05:00Z', '10-25T00:00 10-25T03:00 10-25T05:00'],
]
for (const [what, cron, timezone, from, until, wanted] of days) {
  test(what, () => {
    assert.deepEqual(moments(cron, timezone, from, until), wanted.split(' '))
  })
}

test('asked from within the hour that comes twice, what has been does not come again', () => {
  for (const from of ['2026-10-25T00:30Z', '2026-10-25T00:45Z', '2026-10-25T01:00Z', '2026-10-25T01:15Z', '2026-10-25T01:30Z']) {
    assert.equal(moments('30 2 * * *', 'Europe/Rome', from, '2026-10-26T12:00Z')[0], '10-26T01:30', from)
  }
})

for (const timezone of ['Europe/Rome', 'America/New_York', 'Australia/Lord_Howe', 'Antarctica/Troll', 'Africa/Casablanca', 'UTC']) {
  test(`in ${timezone} each day of two years has each daily time exactly once, in order`, () => {
    const wall = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' })
    for (const cron of ['30 2 * * *', '0 0 * * *', '15 1 * * *', '59 23 * * *', '0 3 * * *']) {
      const all = dueMoments({ cron, timezone }, new Date('2026-01-01T12:00Z')).take(730).toArray()
      assert.equal(new Set(all.map((at) => wall.format(at))).size, 730, cron)
      assert.ok(all.every((at, index) => index === 0 || at > (all[index - 1] ?? at)), cron)
    }
  })
}
