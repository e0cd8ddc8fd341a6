import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { findShrink } from '../../src/policy/find-shrink.ts'
import { judgeNewestSize } from '../../src/policy/judge-vault.ts'
import { retain } from '../../src/policy/retain.ts'
import { samplePoint } from './sample-points.ts'

const runs = { numRuns: 200, seed: 20261129 }
const keep = fc.record({ last: fc.integer({ min: 0, max: 5 }), daily: fc.integer({ min: 0, max: 5 }), within: fc.constantFrom('0d', '12h', '3d'), maxSize: fc.integer({ min: 0, max: 5000 }).map(String) }, { requiredKeys: [] })
const usual = { expect: { maxShrink: '50%' }, scope: 'full', name: 'nas' } as const

const seen = (sizes: readonly number[]): Parameters<typeof findShrink>[0] => sizes.map((contentBytes, day) => ({ startedAt: `day ${day}`, contentBytes }))

/** What is left when a backup of each size is made, one every some hours, each with its rules as `applyRetention` has it. */
function afterBackups(sizes: readonly number[], hours: number, rules: Parameters<typeof retain>[1]): readonly Snapshot[] {
  let points: readonly Snapshot[] = []
  for (const [index, contentBytes] of sizes.entries()) {
    const now = new Date(Date.parse('2026-01-01T03:00:00Z') + index * hours * 3_600_000)
    points = [...points, samplePoint(now.toISOString(), { contentBytes })]
    if (judgeNewestSize(points, usual, now).length > 0) continue
    const gone = new Set(retain(points, rules, now, 'UTC').filter((verdict) => !verdict.keep).map(({ id }) => id))
    points = points.filter(({ id }) => !gone.has(id))
  }
  return points
}

test('whatever small points follow good ones, and whatever the rules, no good one is removed by them', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 900, max: 1100 }), { minLength: 1, maxLength: 12 }), fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 30 }), fc.integer({ min: 1, max: 60 }), keep, (good, small, hours, rules) => {
    const isGood = ({ contentBytes }: Snapshot): boolean => contentBytes >= 900
    assert.deepEqual(afterBackups([...good, ...small], hours, rules).filter(isGood).map(({ contentBytes }) => contentBytes), afterBackups(good, hours, rules).map(({ contentBytes }) => contentBytes))
  }), runs)
})

test('what only grows, or shrinks by less than is expected at a time, is never called shrunk', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 1, maxLength: 60 }), (sizes) => {
    assert.equal(findShrink(seen(sizes.toSorted((a, b) => a - b)), 0), undefined)
  }), runs)
  assert.equal(findShrink(seen(Array.from({ length: 60 }, (_, day) => 10_000 - 100 * day)), 50), undefined)
})

test('the last size is judged, against what was usual before it shrank, and told since when', () => {
  assert.deepEqual(findShrink(seen([10, 11, 12, 3, 3, 3]), 50), { usualBytes: 11, since: 'day 3' })
  assert.equal(findShrink(seen([10, 11, 12, 3, 3, 3, 9]), 50), undefined, 'it has grown back')
  assert.deepEqual(findShrink(seen([10, 3, 10, 3]), 50), { usualBytes: 10, since: 'day 3' })
  assert.equal(findShrink(seen([10, 10, 90, 10]), 50), undefined, 'one that was large for once says nothing')
  assert.equal(findShrink(seen([0, 0, 0]), 50), undefined)
})
