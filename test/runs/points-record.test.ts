import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Snapshot } from '../../src/model/restore-point.ts'
import { afterRuns } from '../../src/runs/points-record.ts'
import { samplePoint } from '../policy/sample-points.ts'

const saving = (...points: readonly Snapshot[]): Parameters<typeof afterRuns>[1][number] => ({ saved: points.map((point) => ({ ...point, vault: 'nas' })), removed: [] })
const removing = ({ id, key }: Snapshot): Parameters<typeof afterRuns>[1][number] => ({ saved: [], removed: [{ vault: 'nas', id, key, reason: 'no rule keeps it' }] })
const keys = (...runs: Parameters<typeof afterRuns>[1]): readonly string[] => afterRuns([], runs).map(({ key }) => key)

test('what was saved is known until a run removes it, whichever order clocks give them, and a run noted twice changes nothing', () => {
  const [first, second] = [samplePoint('2026-11-01T03:00:00Z'), samplePoint('2026-11-02T03:00:00Z')]
  assert.deepEqual(keys(saving(first), saving(second), removing(first)), [second.key])
  assert.deepEqual(keys(removing(first), saving(first), saving(second)), [second.key])
  const known = afterRuns([], [saving(first), saving(second)])
  assert.deepEqual(afterRuns(known, [saving(second)]), known)
})

test('a rolling point replaces the one of its slot and what stood in for it; a stand-in replaces no complete one', () => {
  const rolling = (key: string, complete = true): Snapshot => samplePoint('2026-11-02T03:00:00Z', { slot: 'rolling', key, complete })
  assert.deepEqual(keys(saving(rolling('demo_1.tar.gz')), saving(rolling('demo_1.tar.gz'))), ['demo_1.tar.gz'])
  assert.deepEqual(keys(saving(rolling('demo_1.tar.gz')), saving(rolling('demo_1_incomplete.tar.gz', false))), ['demo_1.tar.gz', 'demo_1_incomplete.tar.gz'])
  assert.deepEqual(keys(saving(rolling('demo_1_incomplete.tar.gz', false)), saving(rolling('demo_1.tar.gz'))), ['demo_1.tar.gz'])
})
