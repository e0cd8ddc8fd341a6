import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExpectedRun } from '../../src/model/expected-run.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import type { ExpectedFacts } from '../../src/policy/judge-expected.ts'
import { judgeExpected } from '../../src/policy/judge-expected.ts'
import { sampleExpected, sampleRun } from './sample-expected.ts'
import { samplePoint } from './sample-points.ts'

const due = '2026-11-20T03:00:00.000Z'
const started = sampleExpected(due, { state: 'started' })
const noon = new Date('2026-11-20T12:00:00Z')
const run = sampleRun('2026-11-20T03:00:01.000Z')
const point = samplePoint('2026-11-20T03:00:02.000Z')

function judged(facts: Partial<ExpectedFacts> & { points?: readonly Snapshot[] }, expected: ExpectedRun = started, now = noon): string {
  const { points = [], ...rest } = facts
  const { state, run: answer } = judgeExpected(expected, { scope: 'full', vaults: [{ name: 'nas', snapshots: points }], runs: [], nextDueAt: new Date('2026-11-21T03:00:00Z'), ...rest }, now)
  return answer === undefined ? state : `${state} by ${answer}`
}

test('a sound point at its time meets it', () => {
  assert.equal(judged({ runs: [run], points: [point] }), `met by ${run.run}`)
  assert.equal(judged({ points: [point] }), 'met', 'whoever made it: cron, or somebody by hand')
  assert.equal(judged({ points: [point] }, sampleExpected(due)), 'met', 'also while it still waits')
})

test('long after its time it is late, within the jitter it is not', () => {
  assert.equal(judged({ points: [samplePoint('2026-11-20T09:00:00Z')] }), 'late')
  assert.equal(judged({ points: [samplePoint('2026-11-20T05:10:00Z')] }, { ...started, startAt: '2026-11-20T05:00:00Z' }), 'met')
  assert.equal(judged({ points: [samplePoint('2026-11-20T03:25:00Z')], nextDueAt: new Date('2026-11-20T03:30:00Z') }), 'late', 'of a short interval half is late')
})

test('a run that says that all went well meets nothing where no point lies', () => {
  assert.equal(judged({ runs: [run] }), `failed by ${run.run}`)
  assert.equal(judged({ runs: [run] }, started, new Date('2026-11-20T03:10:00Z')), `started by ${run.run}`, 'the places may not have been listed yet')
})

test('the point must lie in every vault', () => {
  const elsewhere = { name: 'usb', snapshots: [] }
  assert.equal(judged({ runs: [run], vaults: [{ name: 'nas', snapshots: [point] }, elsewhere] }), `failed by ${run.run}`)
  assert.equal(judged({ runs: [run], vaults: [{ name: 'nas', snapshots: [point] }, { ...elsewhere, snapshots: [samplePoint('2026-11-20T03:00:02.000Z')] }] }), `met by ${run.run}`)
  assert.equal(judged({ runs: [run], vaults: [] }), `failed by ${run.run}`)
})

test('incomplete, damaged, partial, older, newer and future points do not count', () => {
  for (const bad of [{ complete: false }, { damagedAt: due }, { scope: 'database' }, { startedAt: '2026-11-20T02:58:00Z' }, { startedAt: '2026-11-21T03:00:00Z' }, { startedAt: '2026-11-20T12:05:00Z' }] as const) {
    assert.equal(judged({ runs: [run], points: [{ ...point, ...bad }] }), `failed by ${run.run}`, JSON.stringify(bad))
  }
})

test('a clock that was set back by some seconds parts nothing', () => {
  assert.equal(judged({ points: [samplePoint('2026-11-20T02:59:30Z')] }), 'met')
  assert.equal(judged({ points: [samplePoint('2026-11-20T02:59:30Z')] }, sampleExpected(due)), 'waiting', 'what was not begun is not answered by the one before')
  assert.equal(judged({ points: [samplePoint('2026-11-20T02:59:30Z')], nextDueAt: new Date('2026-11-20T03:01:00Z') }, started, new Date('2026-11-20T03:00:30Z')), 'started', 'of a short interval less')
})

test('what was not met is told by the last run', () => {
  assert.equal(judged({ runs: [sampleRun('2026-11-20T03:00:01Z', { run: 'a', outcome: 'failed' })] }), 'failed by a')
  assert.equal(judged({ runs: [sampleRun('2026-11-20T03:00:01Z', { run: 'a', outcome: 'interrupted' })] }), 'failed by a')
  assert.equal(judged({ runs: [sampleRun('2026-11-20T03:00:01Z', { run: 'a', outcome: 'failed' }), sampleRun('2026-11-20T04:00:00Z', { run: 'b', outcome: 'partial' })] }), 'partial by b')
  assert.equal(judged({ runs: [sampleRun('2026-11-20T03:00:01Z', { kind: 'verify', outcome: 'failed' })] }), 'started')
  const { outcome: _, finishedAt: __, ...going } = run
  assert.equal(judged({ runs: [going] }), `started by ${run.run}`)
})

test('a failed run and a good one after it are late, not failed', () => {
  assert.equal(judged({ runs: [sampleRun('2026-11-20T03:00:01Z', { outcome: 'failed' }), sampleRun('2026-11-20T10:00:00Z', { run: 'again' })], points: [samplePoint('2026-11-20T10:00:01Z')] }), 'late by again')
})

test('one that was begun and of which nothing is seen is missed once the next one is due, or after a day', () => {
  assert.equal(judged({}), 'started')
  assert.equal(judged({}, started, new Date('2026-11-21T03:00:00Z')), 'missed')
  const { nextDueAt: _, ...alone } = { scope: 'full' as const, vaults: [], runs: [], nextDueAt: undefined }
  assert.equal(judgeExpected(started, alone, new Date('2026-11-21T02:59:00Z')).state, 'started')
  assert.equal(judgeExpected(started, alone, new Date('2026-11-21T03:00:00Z')).state, 'missed')
})

test('what waits stays so: whether it still begins is not judged here', () => {
  assert.equal(judged({}, sampleExpected(due), new Date('2026-12-20T03:00:00Z')), 'waiting')
})
