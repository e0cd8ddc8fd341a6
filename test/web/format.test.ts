import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes } from '../../web/src/format/byte-size.ts'
import { formatDateTime, formatDay } from '../../web/src/format/date-time.ts'
import { formatDuration } from '../../web/src/format/duration.ts'
import { fractionOf, rateOf, timeLeft, withSample } from '../../web/src/format/progress.ts'
import type { Sample } from '../../web/src/format/progress.ts'
import { formatRelative } from '../../web/src/format/relative-time.ts'
import { sparkPoints } from '../../web/src/format/spark-path.ts'

const plain = (text: string): string => text.replaceAll(/[\u00A0\u202F]/g, ' ')

test('sizes are told in the units and signs of the language', () => {
  assert.equal(formatBytes(999, 'en'), '999 byte')
  assert.equal(formatBytes(999_600, 'en'), '1 MB')
  assert.equal(plain(formatBytes(1_536_000, 'fr')), '1,54 Mo')
  assert.equal(plain(formatBytes(1_536_000, 'it')), '1,54 MB')
})

test('a length of time has its two largest units', () => {
  assert.equal(plain(formatDuration(90_061_000, 'en')), '1 day 1 hr')
  assert.equal(plain(formatDuration(59_999, 'en')), '59 sec')
  assert.equal(plain(formatDuration(0, 'en')), '0 sec')
  assert.equal(plain(formatDuration(3_600_000, 'fr')), '1 h')
})

test('what was long ago never looks fresher than it is', () => {
  const now = Date.parse('2026-03-10T12:00:00Z')
  assert.equal(formatRelative('2026-03-08T12:00:01Z', now, 'en'), 'yesterday')
  assert.equal(formatRelative('2026-03-08T12:00:00Z', now, 'en'), '2 days ago')
  assert.equal(formatRelative('2026-03-10T11:59:30Z', now, 'en'), 'now')
  assert.equal(plain(formatRelative('2026-03-10T15:00:00Z', now, 'it')), 'tra 3 ore')
})

test('a moment is told in the zone of the reader, a day of the application in no zone', () => {
  assert.match(formatDateTime('2026-03-10T23:30:00Z', 'en-GB', 'Europe/Rome'), /11 Mar 2026/)
  assert.match(formatDay('2026-03-10', 'en-GB'), /10 Mar/)
})

test('a share is told by bytes, else by files, else not at all', () => {
  assert.equal(fractionOf({ files: 1, bytes: 50, totalBytes: 100, totalFiles: 10 }), 0.5)
  assert.equal(fractionOf({ files: 1, bytes: 50, totalFiles: 10 }), 0.1)
  assert.equal(fractionOf({ files: 1, bytes: 50 }), undefined)
  assert.equal(fractionOf({ files: 1, bytes: 500, totalBytes: 100 }), 1)
})

test('the rate is that of the last seconds, and begins anew with each phase', () => {
  let samples: readonly Sample[] = []
  for (let second = 0; second <= 60; second++) samples = withSample(samples, { key: 'run files', atMs: second * 1000, bytes: second < 40 ? 0 : (second - 40) * 1000 })
  assert.equal(rateOf(samples), 1000)
  assert.ok(samples.length < 25)
  assert.equal(timeLeft({ bytes: 20_000, totalBytes: 50_000 }, rateOf(samples)), 30_000)
  samples = withSample(samples, { key: 'run verify', atMs: 61_000, bytes: 5 })
  assert.equal(rateOf(samples), undefined)
  assert.equal(timeLeft({ bytes: 5, totalBytes: 50 }, undefined), undefined)
})

test('the line of sizes begins at zero, so that a small change looks small', () => {
  const [first, last] = sparkPoints([100, 99], { width: 100, height: 20, pad: 0 })
  assert.equal(first?.y, 0)
  assert.ok((last?.y ?? 9) < 1)
  assert.deepEqual(sparkPoints([7], { width: 100, height: 20, pad: 0 }), [{ x: 50, y: 0 }])
})
