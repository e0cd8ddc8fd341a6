import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { GroupRules, KeepRules } from '../../src/model/keep-rules.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { retain } from '../../src/policy/retain.ts'
import { samplePoint } from './sample-points.ts'

const now = new Date('2026-11-20T12:00:00Z')
const counts = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const
const runs = { numRuns: 400, seed: 20261120 }

const isoTime = fc.oneof(
  fc.integer({ min: -3 * 24, max: 1 }).map((hours) => hours / 2),
  fc.integer({ min: -3 * 365 * 24, max: 24 }),
).map((hours) => new Date(now.getTime() + hours * 3_600_000).toISOString())
const points = fc.array(fc.record({
  at: isoTime,
  app: fc.constantFrom('demo', 'other'),
  scope: fc.constantFrom('full', 'full', 'full', 'partial', 'database'),
  slot: fc.constantFrom('dated', 'dated', 'dated', 'rolling'),
  complete: fc.constantFrom(true, true, false),
  verified: fc.boolean(),
  damaged: fc.constantFrom(false, false, false, true),
  sizeBytes: fc.integer({ min: 0, max: 5000 }),
}), { minLength: 1, maxLength: 40 }).map((all) => all.map(({ at, verified, damaged, ...rest }) => samplePoint(at, { ...rest, ...(verified ? { verifiedAt: at } : {}), ...(damaged ? { damagedAt: at } : {}) })))

const groupRules: fc.Arbitrary<GroupRules> = fc.record({
  ...Object.fromEntries(counts.map((name) => [name, fc.integer({ min: 0, max: 6 })])) as Record<(typeof counts)[number], fc.Arbitrary<number>>,
  within: fc.constantFrom('0d', '12h', '7d', '90d', '2y'),
  maxSize: fc.integer({ min: 0, max: 30_000 }).map(String),
}, { requiredKeys: [] })
const keepRules: fc.Arbitrary<KeepRules> = fc.tuple(groupRules, fc.record({ partial: groupRules, database: groupRules, incomplete: groupRules }, { requiredKeys: [] })).map(([main, own]) => ({ ...main, ...own }))
const zone = fc.constantFrom('UTC', 'Europe/Rome', 'Australia/Lord_Howe', 'America/St_Johns')

function survivors(all: readonly Snapshot[], rules: KeepRules, timeZone: string): Snapshot[] {
  const keep = new Set(retain(all, rules, now, timeZone).filter((verdict) => verdict.keep).map(({ id }) => id))
  return all.filter(({ id }) => keep.has(id))
}

const past = (point: Snapshot): boolean => Date.parse(point.startedAt) <= now.getTime()
const sound = (point: Snapshot): boolean => point.damagedAt === undefined
const isMain = (point: Snapshot): boolean => point.complete && sound(point) && point.scope === 'full' && point.slot === 'dated'
const ids = (left: readonly Snapshot[]): string[] => left.map(({ id }) => id).sort()
const newestTime = (all: readonly Snapshot[]): number => Math.max(...all.map(({ startedAt }) => Date.parse(startedAt)))

test('never are all points of an application removed, and each verdict has its reason', () => {
  fc.assert(fc.property(points, keepRules, zone, (all, rules, timeZone) => {
    for (const app of new Set(all.map((point) => point.app))) assert.ok(survivors(all, rules, timeZone).some((point) => point.app === app))
    assert.ok(retain(all, rules, now, timeZone).every(({ reasons }) => reasons.length > 0 && reasons.every((reason) => reason.length > 0)))
  }), runs)
})

test('the newest complete full point and the newest verified one of each scope survive', () => {
  fc.assert(fc.property(points, keepRules, zone, (all, rules, timeZone) => {
    const left = survivors(all, rules, timeZone)
    const candidates = all.filter((point) => past(point) && sound(point) && point.slot === 'dated' && point.complete)
    for (const app of ['demo', 'other']) {
      for (const scope of ['full', 'partial', 'database'] as const) {
        const ofScope = candidates.filter((point) => point.app === app && point.scope === scope)
        const verified = ofScope.filter(({ verifiedAt }) => verifiedAt !== undefined)
        if (verified.length > 0) assert.ok(left.some((point) => verified.includes(point) && Date.parse(point.startedAt) === newestTime(verified)))
        if (scope === 'full' && ofScope.length > 0) assert.ok(left.some((point) => ofScope.includes(point) && Date.parse(point.startedAt) === newestTime(ofScope)))
      }
    }
  }), runs)
})

test('raising a number never removes a point that stayed before', () => {
  fc.assert(fc.property(points, keepRules, zone, fc.constantFrom(...counts), fc.integer({ min: 1, max: 9 }), (all, given, timeZone, name, more) => {
    // With maxSize a further point may take an older one's room; its own property is below. A first rule at all ends "nothing is removed".
    const { maxSize: _, partial: _partial, database: _database, incomplete: _incomplete, ...rules } = { ...given, last: Math.max(1, given.last ?? 1) }
    const before = survivors(all, rules, timeZone)
    const after = new Set(survivors(all, { ...rules, [name]: (rules[name] ?? 0) + more }, timeZone))
    for (const point of before) assert.ok(after.has(point))
  }), runs)
})

test('raising maxSize never removes a point that stayed before', () => {
  fc.assert(fc.property(points, keepRules, zone, fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 20_000 }), (all, rules, timeZone, limit, more) => {
    const before = survivors(all, { ...rules, maxSize: String(limit) }, timeZone)
    const after = new Set(survivors(all, { ...rules, maxSize: String(limit + more) }, timeZone))
    for (const point of before) assert.ok(after.has(point))
  }), runs)
})

test('points that are not complete, sound, full and dated change no verdict of those that are', () => {
  fc.assert(fc.property(points, keepRules, zone, (all, given, timeZone) => {
    // maxSize counts damaged points as well, but takes them first.
    const alone = survivors(all.filter(isMain), given, timeZone).map(({ id }) => id)
    assert.deepEqual(survivors(all, given, timeZone).filter(isMain).map(({ id }) => id), alone)
  }), runs)
})

test('applying the same rules to the survivors removes nothing more', () => {
  fc.assert(fc.property(points, keepRules, zone, (all, rules, timeZone) => {
    const left = survivors(all, rules, timeZone)
    assert.deepEqual(survivors(left, rules, timeZone).map(({ id }) => id), left.map(({ id }) => id))
  }), runs)
})

test('the order of the points changes nothing', () => {
  fc.assert(fc.property(points, keepRules, zone, (all, rules, timeZone) => {
    assert.deepEqual(ids(survivors(all.toReversed(), rules, timeZone)), ids(survivors(all, rules, timeZone)))
  }), runs)
})
