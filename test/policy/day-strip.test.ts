import assert from 'node:assert/strict'
import { test } from 'node:test'
import { daySchema } from '../../src/model/api/overview.ts'
import type { ExpectedRun } from '../../src/model/expected-run.ts'
import { dayStrip } from '../../src/policy/day-strip.ts'
import type { RunFacts } from '../../src/policy/judge-status.ts'
import { lastDays } from '../../src/policy/local-days.ts'
import { sampleExpected, sampleRun } from './sample-expected.ts'

const now = new Date('2026-11-20T12:00:00Z')

/** State and text of the 19th. */
function yesterday(expected: readonly ExpectedRun[], runs: readonly RunFacts[]): string {
  const days = dayStrip(expected, runs, lastDays(now, 30, 'UTC'))
  assert.equal(days.length, 30)
  for (const day of days) daySchema.parse(day)
  const found = days.find(({ day }) => day === '2026-11-19')
  return `${found?.state} | ${found?.text}`
}

const due = '2026-11-19T03:00:00Z'
const ok = sampleRun('2026-11-19T03:00:01Z')
const failed = sampleRun('2026-11-19T03:00:01Z', { run: 'bad', outcome: 'failed', error: { code: 'storage.full', message: 'No space left on nas' } })
const later = sampleRun('2026-11-19T10:00:00Z', { run: 'good' })

test('a day on which nothing was expected or done says so', () => {
  assert.equal(yesterday([], []), 'none | No backup was due.')
})

test('a good day', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'met', run: ok.run })], [ok]), 'ok | Backups: 1 ok.')
  assert.equal(yesterday([], [ok, later]), 'ok | Backups: 2 ok.', 'also without a schedule')
})

test('a failure counts, and less once a later backup went well', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'failed', run: 'bad' })], [failed]), 'failed | Backups: 1 failed (No space left on nas).')
  assert.equal(yesterday([sampleExpected(due, { state: 'late', run: 'good' })], [later, failed]), 'warning | Backups: 1 failed (No space left on nas), 1 ok.')
  assert.equal(yesterday([], [ok, { ...failed, startedAt: '2026-11-19T09:00:00Z' }]), 'failed | Backups: 1 failed (No space left on nas), 1 ok.')
  assert.equal(yesterday([], [{ ...failed, outcome: 'interrupted' }]), 'failed | Backups: 1 failed (interrupted).')
})

test('a run that said all was well although nothing lies there is a failure', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'failed', run: ok.run })], [ok]), 'failed | Backups: 1 failed (no restore point lies where it should), 1 ok.')
})

test('what never began is missed, also beside good ones', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'missed' })], []), 'missed | Backups: 1 missed.')
  assert.equal(yesterday([sampleExpected(due, { state: 'missed' }), sampleExpected('2026-11-19T10:00:00Z', { state: 'met', run: 'good' })], [later]), 'missed | Backups: 1 missed, 1 ok.')
})

test('skipped is a warning where another backup was made, else the day has none', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'skipped' })], [later]), 'warning | Backups: 1 skipped (another run was at work), 1 ok.')
  assert.match(yesterday([sampleExpected(due, { state: 'skipped' })], []), /^missed/)
})

test('one that was made up for on the next day is a warning on its own', () => {
  const next = sampleRun('2026-11-20T08:00:00Z', { run: 'next' })
  assert.equal(yesterday([sampleExpected(due, { state: 'late', run: 'next' })], [next]), 'warning | Backups: 1 made up for later.')
})

test('warnings of a run, and what is not over yet', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'partial', run: ok.run })], [{ ...ok, outcome: 'partial' }]), 'warning | Backups: 1 with warnings.')
  const { outcome: _, ...going } = ok
  assert.equal(yesterday([sampleExpected(due, { state: 'started' }), sampleExpected('2026-11-19T23:00:00Z')], [going]), 'none | No backup was due.')
  assert.equal(yesterday([], [sampleRun('2026-11-19T03:00:01Z', { kind: 'restore', outcome: 'failed' })]), 'none | No backup was due.')
})

test('a day whose runs are not known any more is as its expectations say, warnings included', () => {
  assert.equal(yesterday([sampleExpected(due, { state: 'partial', run: 'old' })], []), 'warning | Backups: 1 with warnings.')
  assert.equal(yesterday([sampleExpected(due, { state: 'met', run: 'old' })], []), 'ok | Backups: 1 ok.')
})

test('the same days are not asked for twice, and others are', () => {
  const midnight = Date.parse('2026-11-20T23:00:00Z')
  const days = (at: number, zone = 'Europe/Rome', count = 30): string => lastDays(new Date(at), count, zone).map(({ day }) => day).join(' ')
  assert.equal(lastDays(new Date(midnight - 3_600_000), 30, 'Europe/Rome'), lastDays(new Date(midnight - 1), 30, 'Europe/Rome'))
  assert.match(days(midnight - 1), /2026-11-20$/)
  assert.match(days(midnight), /2026-11-21$/)
  assert.match(days(midnight - 1), /2026-11-20$/)
  assert.match(days(midnight - 1, 'Asia/Tokyo'), /2026-11-21$/)
  assert.equal(days(midnight - 1, 'Asia/Tokyo', 2), '2026-11-20 2026-11-21')
})

test('days are those of the time zone, also where the clock changes', () => {
  const days = lastDays(new Date('2026-11-02T04:30:00Z'), 3, 'America/New_York')
  assert.deepEqual(days.map(({ day, from, until }) => `${day} ${from.toISOString()} ${until.toISOString()}`), [
    '2026-10-30 2026-10-30T04:00:00.000Z 2026-10-31T04:00:00.000Z', '2026-10-31 2026-10-31T04:00:00.000Z 2026-11-01T04:00:00.000Z', '2026-11-01 2026-11-01T04:00:00.000Z 2026-11-02T05:00:00.000Z',
  ])
  const strip = dayStrip([], [sampleRun('2026-11-02T04:59:00Z'), sampleRun('2026-11-01T03:59:00Z'), sampleRun('2026-10-01T00:00:00Z')], days)
  assert.deepEqual(strip.map(({ state }) => state), ['none', 'ok', 'ok'])
  const midnightless = lastDays(new Date('2026-04-24T12:00:00Z'), 1, 'Africa/Cairo')
  assert.equal(midnightless[0]?.from.toISOString(), '2026-04-23T22:00:00.000Z')
})
