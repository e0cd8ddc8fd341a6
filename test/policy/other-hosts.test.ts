import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { judgeOtherHosts } from '../../src/policy/other-hosts.ts'
import { samplePoint } from './sample-points.ts'

const now = new Date('2026-11-20T12:00:00Z')
const on = (host: string, day: number, rest: Partial<Snapshot> = {}): Snapshot => samplePoint(`2026-11-${String(day).padStart(2, '0')}T03:00:00Z`, { host, ...rest })

function judged(points: readonly Snapshot[], all = points): string {
  const others = judgeOtherHosts(points, all, 'a', now)
  return others === undefined ? 'alone' : `${others.active ? 'at work' : 'resting'}: ${[...others.hosts].join()}`
}

test('alone in its place nothing is told, with or without points', () => {
  assert.equal(judged([]), 'alone')
  assert.equal(judged([on('a', 1), on('a', 2)]), 'alone')
})

test('others are known however old their points are, and are at work where these are newer than the last own one', () => {
  assert.equal(judged([on('b', 1), on('c', 2)]), 'resting: b,c')
  assert.equal(judged([on('b', 1), on('a', 3)]), 'resting: b')
  assert.equal(judged([on('a', 1), on('b', 2), on('a', 3)]), 'resting: b', 'moved away and back, or seldomer')
  assert.equal(judged([on('b', 1), on('a', 2), on('b', 3), on('c', 1)]), 'at work: b,c')
  const before = [on('b', 1), on('a', 2)]
  assert.equal(judged(before, [...before, on('b', 4), on('a', 5)]), 'at work: b', 'also those that came while the backup ran; the new point says nothing')
})

test('points of the future and archives of other programs are no sign of another machine at work', () => {
  assert.equal(judged([on('a', 29), on('b', 2)]), 'resting: b')
  assert.equal(judged([on('old', 3, { foreign: { kind: 'iotstack', container: 'tar' } }), on('a', 2)]), 'alone')
})
