import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExpectedRun } from '../../src/model/expected-run.ts'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { statusSchema } from '../../src/model/status.ts'
import { judgeStatus } from '../../src/policy/judge-status.ts'
import type { RunFacts, StatusInput } from '../../src/policy/judge-status.ts'
import { parseSchedule } from '../../src/policy/schedule.ts'
import { sampleExpected } from './sample-expected.ts'
import { dailyPoints, samplePoint } from './sample-points.ts'

const now = new Date('2026-11-20T12:00:00Z')

function input(snapshots: readonly Snapshot[], rest: Partial<StatusInput> = {}): StatusInput {
  return { app: 'demo', expect: {}, scope: 'full', vaults: [{ name: 'nas', snapshots }], known: [], runs: [], ...rest }
}

function run(outcome: RunFacts['outcome'], rest: Partial<RunFacts> = {}): RunFacts {
  return { run: 'r1', kind: 'backup', startedAt: '2026-11-20T03:00:00Z', ...(outcome === undefined ? {} : { outcome }), ...rest }
}

const hoursOld = (hours: number): StatusInput => input([samplePoint(new Date(now.getTime() - hours * 3_600_000).toISOString())], { expect: { every: '1d' } })
const pair = (at: string, rest: Partial<Snapshot>): Snapshot[] => [samplePoint(at, rest), samplePoint(at, { ...rest, slot: 'rolling' })]

/** State and codes, and the sentence; the result is checked against the published schema on the way. */
function judged(given: StatusInput): { state: string; codes: string; sentence: string } {
  const status = statusSchema.parse(judgeStatus(given, now))
  return { state: status.state, codes: status.reasons.map(({ code, severity }) => `${code}:${severity}`).join(' '), sentence: status.sentence }
}

const fresh = (): Snapshot => samplePoint('2026-11-20T03:00:00Z', { verifiedAt: '2026-11-20T03:05:00Z' })

test('all well is one sentence', () => {
  assert.deepEqual(judged(input([fresh()], { expect: { every: '1d', minSize: '4kB', maxShrink: '50%', verifiedWithin: '7d' }, runs: [run('ok')] })), {
    state: 'ok', codes: '', sentence: 'Last backed up 9h ago, verified 8h 55m ago.',
  })
})

test('an application that was never backed up is neither ok nor failed', () => {
  assert.deepEqual(judged(input([])), { state: 'never', codes: 'never-ran:failed', sentence: 'It was never backed up.' })
  assert.equal(judged(input([], { runs: [run('failed')] })).state, 'failed', 'a failed first backup is a failure')
})

test('an empty vault after backups is a failure', () => {
  assert.equal(judged(input([], { runs: [run('ok')] })).codes, 'vault-empty:failed')
})

test('a point late by more than a tenth is a warning, by more than one interval a failure', () => {
  assert.equal(judged(hoursOld(26)).codes, '')
  assert.equal(judged(hoursOld(27)).codes, 'overdue:warning')
  assert.deepEqual(judged(hoursOld(49)), { state: 'failed', codes: 'overdue:failed', sentence: 'Overdue: the last complete full restore point is 2d 1h old, expected is one every 1d.' })
})

test('incomplete, damaged, partial and future points do not count as a fresh one', () => {
  const old = samplePoint('2026-11-10T03:00:00Z')
  for (const [rest, code] of [[{ complete: false }, 'incomplete'], [{ damagedAt: '2026-11-20T04:00:00Z' }, 'damaged'], [{ scope: 'partial' }, ''], [{ startedAt: '2027-01-01T00:00:00Z' }, 'clock']] as const) {
    const { codes } = judged(input([old, samplePoint('2026-11-20T03:00:00Z', rest)], { expect: { every: '1d' } }))
    assert.match(codes, /overdue:failed/, code)
    assert.ok(codes.includes(code), codes)
  }
})

test('expectations count points of the scope that the application saves', () => {
  assert.equal(judged(input([samplePoint('2026-11-20T03:00:00Z', { scope: 'database' })], { scope: 'database', expect: { every: '1d' } })).state, 'ok')
})

test('only damaged points are a failure', () => {
  assert.equal(judged(input([samplePoint('2026-11-20T03:00:00Z', { damagedAt: '2026-11-20T04:00:00Z' })])).codes, 'vault-empty:failed damaged:failed')
})

test('an older damaged point is a warning', () => {
  assert.deepEqual(judged(input([fresh(), samplePoint('2026-11-01T03:00:00Z', { damagedAt: '2026-11-20T04:00:00Z' })])), { state: 'warning', codes: 'damaged:warning', sentence: '1 restore point is damaged.' })
})

test('a newest point below the least size is a failure', () => {
  assert.match(judged(input([fresh()], { expect: { minSize: '1MB' } })).sentence, /^Too small: the newest restore point holds 4 kB, expected are at least 1MB\.$/)
})

test('a newest point much smaller than the earlier ones usually are is a failure, however many small ones follow it', () => {
  const usual = dailyPoints('2026-10-10T03:00:00Z', 8)
  const small = dailyPoints('2026-10-18T03:00:00Z', 30, { contentBytes: 900 })
  const expect = { maxShrink: '50%', every: 'never' }
  assert.match(judged(input([...usual, ...small.slice(0, 1)], { expect })).sentence, /^Shrunk by 77%: .* usually 4 kB; expected is at most 50% less\. If that is right, set expect\.usualSince to 2026-10-18T03:00:00\.000Z\.$/)
  assert.match(judged(input([...usual, ...small], { expect })).codes, /shrunk:failed/)
  assert.match(judged(input([...usual, ...small], { expect })).sentence, /usually 4 kB; .*usualSince to 2026-10-18T03:00:00\.000Z/)
  assert.match(judged(input([...usual.map((point) => ({ ...point, damagedAt: point.startedAt })), ...small], { expect })).codes, /shrunk:failed/, 'damaged ones held as much')
  for (const fine of [usual, small, [...usual, ...small, samplePoint('2026-11-19T03:00:00Z')]]) assert.doesNotMatch(judged(input(fine, { expect })).codes, /shrunk/)
})

test('a smaller size that somebody accepts is the usual one from then on; one accepted for a day to come is not', () => {
  const all = [...dailyPoints('2026-10-10T03:00:00Z', 8), ...dailyPoints('2026-10-18T03:00:00Z', 30, { contentBytes: 900 })]
  const codes = (usualSince: string, more: readonly Snapshot[] = []): string => judged(input([...all, ...more], { expect: { maxShrink: '50%', usualSince } })).codes
  for (const accepted of ['2026-10-18T03:00:00.000Z', '2026-10-18']) assert.doesNotMatch(codes(accepted), /shrunk/)
  assert.match(codes('2026-10-17'), /shrunk/)
  assert.match(codes('2027-10-18'), /shrunk/)
  assert.match(codes('2026-10-18', [samplePoint('2026-11-19T03:00:00Z', { contentBytes: 90 })]), /shrunk/, 'and from there it is judged again')
})

test('a dated and a rolling point of one reading are one observation', () => {
  const small = { contentBytes: 900 }
  assert.equal(judged(input([...pair('2026-11-18T03:00:00Z', {}), ...pair('2026-11-19T03:00:00Z', small)], { expect: { maxShrink: '50%' } })).codes, 'shrunk:failed')
})

test('points that were not verified in time are a warning', () => {
  const expect = { verifiedWithin: '7d' }
  assert.equal(judged(input([samplePoint('2026-11-20T03:00:00Z')], { expect })).sentence, 'No restore point was ever verified; expected is within 7d.')
  assert.equal(judged(input([samplePoint('2026-11-20T03:00:00Z', { verifiedAt: '2026-11-10T00:00:00Z' })], { expect })).codes, 'unverified:warning')
})

test('a saved point that is gone from the vault is a failure, a replaced rolling one is not', () => {
  const here = fresh()
  const known = [{ vault: 'nas', id: here.id, key: here.key }, { vault: 'nas', id: 'ffffffffffffffff', key: 'demo_2026-11-19.zip' }]
  assert.equal(judged(input([here], { known })).sentence, '1 restore point that was saved is no longer there: demo_2026-11-19.zip. If that is right, say so with "holdfast forget ffffffffffffffff".')
  assert.equal(judged(input([here], { known: [{ vault: 'nas', id: 'ffffffffffffffff', key: here.key }] })).state, 'ok')
})

test('each vault is judged by itself, and named', () => {
  const vaults = [{ name: 'nas', snapshots: [fresh()] }, { name: 'usb', snapshots: [samplePoint('2026-11-01T03:00:00Z')] }, { name: 'cloud', problem: 'no route to host' }]
  const status = judgeStatus(input([], { vaults, expect: { every: '1d' } }), now)
  assert.deepEqual(status.reasons.map(({ code, vault }) => `${vault} ${code}`), ['usb overdue', 'cloud vault-unreachable'])
  assert.match(status.sentence, /^Overdue in usb: .* \(and 1 more\)$/)
})

test('what lies in folders that may not be read is neither called missing nor called well', () => {
  const here = fresh()
  const known = (key: string): StatusInput['known'] => [{ vault: 'nas', id: here.id, key: here.key }, { vault: 'nas', id: 'ffffffffffffffff', key }]
  const vaults = (snapshots: readonly Snapshot[]): StatusInput['vaults'] => [{ name: 'nas', snapshots, unlisted: ['old'] }]
  for (const key of ['old', 'old/demo.zip']) {
    const said = judged(input([], { vaults: vaults([here]), known: known(key) }))
    assert.deepEqual([said.codes, said.state], ['vault-unreachable:warning', 'warning'])
    assert.match(said.sentence, /^Not all of the vault nas can be read: what lies in old is not known/)
  }
  assert.equal(judged(input([], { vaults: vaults([here]), known: known('older/demo.zip') })).codes, 'missing:failed vault-unreachable:warning')
  assert.equal(judged(input([], { vaults: vaults([]) })).codes, 'vault-unreachable:failed', 'nothing that may be seen is not nothing')
})

test('an unreachable vault never reads as never backed up', () => {
  assert.equal(judged(input([], { vaults: [{ name: 'nas', problem: 'down' }] })).state, 'failed')
})

test('the last backup\'s failure, interruption and warnings are told until the next one', () => {
  const error = { code: 'storage.full', message: 'No space left on nas' }
  assert.deepEqual(judged(input([fresh()], { runs: [run('failed', { error })] })), { state: 'failed', codes: 'run-failed:failed', sentence: 'The last backup (9h ago) failed: No space left on nas' })
  assert.equal(judged(input([fresh()], { runs: [run('interrupted')] })).codes, 'interrupted:failed')
  assert.equal(judged(input([fresh()], { runs: [run('partial')] })).codes, 'run-partial:warning')
  assert.equal(judged(input([fresh()], { runs: [run('failed', { startedAt: '2026-11-19T03:00:00Z' }), run('ok')] })).state, 'ok')
  assert.equal(judged(input([fresh()], { runs: [run('ok'), run('failed', { kind: 'verify', startedAt: '2026-11-19T03:00:00Z' })] })).codes, 'run-failed:failed', 'another kind\'s success is no excuse')
  assert.equal(judged(input([fresh()], { runs: [run('failed', { kind: 'restore' })] })).codes, 'run-failed:warning')
  assert.equal(judged(input([fresh()], { runs: [run('failed', { error: { ...error, code: 'usage' } })] })).codes, 'run-failed:warning', 'a slip in what was asked for is told, and takes nothing from the points')
})

test('a verification with another password is a warning, and hides nothing of what the one before found', () => {
  const unopened = run('failed', { kind: 'verify', error: { code: 'archive.password', message: 'The password does not fit' } })
  const earlier = (outcome: RunFacts['outcome']): RunFacts => run(outcome, { kind: 'verify', startedAt: '2026-11-19T03:00:00Z' })
  assert.equal(judged(input([fresh()], { runs: [run('ok'), unopened, { ...unopened, startedAt: '2026-11-20T02:00:00Z' }] })).codes, 'run-failed:warning')
  assert.equal(judged(input([fresh()], { runs: [run('ok'), unopened, earlier('ok')] })).codes, 'run-failed:warning')
  assert.equal(judged(input([fresh()], { runs: [run('ok'), unopened, earlier('failed')] })).codes, 'run-failed:failed run-failed:warning')
  const ok = run('ok', { kind: 'verify', startedAt: '2026-11-20T04:00:00Z' })
  assert.equal(judged(input([fresh()], { runs: [run('ok'), unopened, ok] })).state, 'ok')
})

test('an unfinished restore is the first thing told', () => {
  assert.match(judged(input([samplePoint('2026-01-01T00:00:00Z')], { expect: { every: '1d' }, unfinishedRestore: { startedAt: '2026-11-20T11:00:00Z' } })).sentence, /^A restore that began 1h ago was not finished/)
})

test('a run under way is told, and what was wrong before still is', () => {
  const running = { run: 'r2', kind: 'backup', startedAt: '2026-11-20T11:58:00Z' } as const
  assert.deepEqual(judged(input([samplePoint('2026-11-01T03:00:00Z')], { running, expect: { every: '1d' } })), {
    state: 'running', codes: 'overdue:failed', sentence: 'A backup has been running for 2m. Overdue: the last complete full restore point is 19d 9h old, expected is one every 1d.',
  })
  assert.equal(judgeStatus(input([], { running }), now).lastRun?.run, 'r2')
})

test('one scheduled backup that did not happen is a warning, several in a row are a failure', () => {
  const old = [samplePoint('2026-11-17T03:00:00Z')]
  const due = (day: number, state: ExpectedRun['state']): ExpectedRun => sampleExpected(`2026-11-${day}T03:00:00Z`, { state })
  assert.deepEqual(judged(input(old, { expected: [due(20, 'missed'), due(19, 'met')] })), { state: 'warning', codes: 'missed:warning', sentence: 'The backup that was due 9h ago did not happen.' })
  assert.deepEqual(judged(input(old, { expected: [due(18, 'met'), due(20, 'skipped'), due(19, 'missed')] })), { state: 'failed', codes: 'missed:failed', sentence: 'The last 2 backups that were due did not happen; the first was due 1d 9h ago.' })
  assert.equal(judged(input(old, { expected: [due(20, 'skipped')] })).sentence, 'The backup that was due 9h ago was skipped, as another run was at work.')
  assert.equal(judged(input(old, { expected: [due(20, 'met'), due(19, 'missed'), due(18, 'missed')] })).codes, '', 'a later one that was met ends it')
  assert.equal(judged(input(old, { expected: [due(20, 'failed'), due(19, 'missed')] })).codes, '', 'what was begun is told by its run')
  assert.equal(judged(input([fresh()], { expected: [due(20, 'missed'), due(19, 'missed')] })).codes, '', 'so does a backup by hand')
  assert.equal(judged(input([], { vaults: [{ name: 'nas', snapshots: [fresh()] }, { name: 'usb', snapshots: old }], expected: [due(20, 'missed')] })).codes, 'missed:warning', 'but in every vault')
})

test('without a word of how often, an old point is a warning, and what the scheduler tells of it is not told twice', () => {
  const old = [samplePoint('2026-11-10T03:00:00Z')]
  assert.deepEqual(judged(input(old)), { state: 'warning', codes: 'overdue:warning', sentence: 'Overdue: the last complete full restore point is 10d 9h old, and nothing tells how often one is expected (expect.every says otherwise: a time, or "never").' })
  const scheduled = { schedule: parseSchedule('daily') }
  assert.equal(judged(input(old, scheduled)).codes, 'overdue:failed')
  assert.equal(judged(input(old, { ...scheduled, expect: { every: 'never' } })).codes, '')
  assert.equal(judged(input(old, { ...scheduled, expected: [sampleExpected('2026-11-20T03:00:00Z', { state: 'missed' })] })).codes, 'missed:warning')
  assert.equal(judged(input(old, { ...scheduled, expect: { every: '1d' }, expected: [sampleExpected('2026-11-20T03:00:00Z', { state: 'missed' })] })).codes, 'overdue:failed missed:warning')
})

test('one that still waits a day later is missed, one that is under way is not', () => {
  const old = [samplePoint('2026-11-17T03:00:00Z')]
  assert.equal(judged(input(old, { expected: [sampleExpected('2026-11-19T11:00:00Z')] })).codes, 'missed:warning')
  assert.equal(judged(input(old, { expected: [sampleExpected('2026-11-20T11:00:00Z'), sampleExpected('2026-11-19T11:00:00Z', { state: 'started' })] })).codes, '')
})
