import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { formatDuration, parseDuration } from '../../src/kit/duration.ts'

const hourMs = 3_600_000

test('lengths of time are read, m being minutes and mo months', () => {
  const cases: Record<string, number> = { '30s': 30_000, '10m': 600_000, '12h': 12 * hourMs, '1h30m': 1.5 * hourMs, '30d': 720 * hourMs, '2w': 336 * hourMs, '6mo': 6 * 31 * 24 * hourMs, '2y': 2 * 366 * 24 * hourMs, '1y 2d': 368 * 24 * hourMs, '0d': 0, '9999999999999999y': Number.MAX_SAFE_INTEGER }
  for (const [text, durationMs] of Object.entries(cases)) assert.equal(parseDuration(text), durationMs, text)
})

test('what is no length of time is refused with an example', () => {
  for (const text of ['', '5', 'd', '-1d', '1.5h', '1m1h', '1d1d', '10min', '1 d']) {
    assert.throws(() => parseDuration(text), { code: 'usage', hint: /30s, 10m/ }, text)
  }
})

test('lengths of time are printed by their two largest units', () => {
  const cases: [number, string][] = [[0, '0s'], [999, '0s'], [61_000, '1m 1s'], [hourMs, '1h'], [hourMs + 5000, '1h'], [26.5 * hourMs, '1d 2h'], [400 * 24 * hourMs, '400d'], [-5, '0s']]
  for (const [durationMs, text] of cases) assert.equal(formatDuration(durationMs), text)
})

test('what is printed can be read again and is never more than it was', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e13 }), (durationMs) => {
    const back = parseDuration(formatDuration(durationMs))
    assert.ok(back <= durationMs && durationMs - back < Math.max(1000, durationMs / 10))
  }), { seed: 1 })
})
