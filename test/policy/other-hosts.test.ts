import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { judgeOtherHosts } from '../../src/policy/other-hosts.ts'
import { samplePoint } from './sample-points.ts'

const now = new Date('2026-11-20T12:00:00Z')
const on = (host: string, day: number, rest: Partial<Snapshot> = {}): Snapshot => samplePoint(`2026-11-${String(day).padStart(2, '0')}T03:00:00Z`, { host, ...rest })

/** What host `a` is told before its new point, and whose points stay. */
function judged(points: readonly Snapshot[], all = points): string {
  const others = judgeOtherHosts(points, all, 'a', now)
  return others === undefined ? 'as usual' : `${others.kind}: ${[...others.hosts].join()}`
}

test('alone in its place all is as usual, with or without points', () => {
  assert.equal(judged([]), 'as usual')
  assert.equal(judged([on('a', 1), on('a', 2)]), 'as usual')
})

test('the first point beside those of others keeps theirs, and the next one takes that for a move', () => {
  assert.equal(judged([on('b', 1), on('c', 2)]), 'first: b,c')
  assert.equal(judged([on('b', 1), on('c', 2), on('a', 3)]), 'as usual')
  assert.equal(judged([on('a', 1), on('b', 2), on('a', 3)]), 'as usual', 'moved away and back')
})

test('points that others have made since the last own one are of a second machine at work', () => {
  assert.equal(judged([on('b', 1), on('a', 2), on('b', 3), on('c', 1)]), 'both: b')
  const before = [on('b', 1), on('a', 2)]
  assert.equal(judged(before, [...before, on('b', 4), on('a', 5)]), 'both: b', 'also those that came while the backup ran; the new point says nothing')
})

test('points of the future and archives of other programs are no sign of a move', () => {
  assert.equal(judged([on('a', 29), on('b', 2)]), 'first: b')
  assert.equal(judged([on('a', 2), on('b', 29)]), 'both: b')
  assert.equal(judged([on('old', 3, { foreign: { kind: 'iotstack', container: 'tar' } }), on('a', 2)]), 'as usual')
})
