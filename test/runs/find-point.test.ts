import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/kit/app-error.ts'
import { findPoint } from '../../src/runs/find-point.ts'
import { samplePoint } from '../policy/sample-points.ts'

const now = new Date('2026-11-21T10:00:00Z')

test('latest passes over what is dated in the future, and allows for clocks that differ by minutes', () => {
  const older = samplePoint('2026-11-20T03:00:00.000Z')
  const newest = samplePoint('2026-11-21T10:04:00.000Z')
  const future = samplePoint('2027-12-26T03:00:00.000Z')
  assert.equal(findPoint([older, future, newest], 'latest', now), newest)
  assert.equal(findPoint([future, older], 'latest', now), older)
  const partial = samplePoint('2026-11-19T03:00:00.000Z', { scope: 'partial' })
  assert.equal(findPoint([future, partial], 'latest', now), partial)
})

test('what is dated in the future is the latest where there is nothing else, or nothing else that is sound', () => {
  const [first, last] = [samplePoint('2027-12-25T03:00:00.000Z'), samplePoint('2027-12-26T03:00:00.000Z')]
  assert.equal(findPoint([first, last], 'latest', now), last)
  const damaged = samplePoint('2026-11-20T03:00:00.000Z', { damagedAt: '2026-11-21T03:00:00.000Z' })
  assert.equal(findPoint([first, damaged], 'latest', now), first)
  assert.equal(findPoint([damaged, samplePoint('2027-12-27T03:00:00.000Z', { damagedAt: '2026-11-21T03:00:00.000Z' })], 'latest', now), damaged)
  assert.throws(() => findPoint([], 'latest', now), (error) => error instanceof AppError && error.code === 'vault.empty')
})
