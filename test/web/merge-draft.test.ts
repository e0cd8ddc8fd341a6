import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeDraft } from '../../web/src/format/merge-draft.ts'

const base = { root: '/a', keep: { daily: 7, weekly: 4 }, vaults: ['x'] }

test('what was changed here stays, whatever else changes in the file', () => {
  const merged = mergeDraft({ base, value: { ...base, keep: { daily: 9, weekly: 4 } } }, { root: '/b', keep: { daily: 7, weekly: 5 }, vaults: ['x'], format: 'zip' })
  assert.deepEqual(merged.value, { root: '/b', keep: { daily: 9, weekly: 5 }, vaults: ['x'], format: 'zip' })
  assert.deepEqual(merged.conflicts, [])
  assert.deepEqual(merged.base, { root: '/b', keep: { daily: 7, weekly: 5 }, vaults: ['x'], format: 'zip' })
})

test('the same changed on both sides is told, and is still told after more was typed', () => {
  const saved = { ...base, root: '/theirs', vaults: ['x', 'z'] }
  const merged = mergeDraft({ base, value: { ...base, root: '/mine', vaults: ['x', 'z'] } }, saved)
  assert.deepEqual(merged.conflicts, [{ path: ['root'], theirs: '/theirs' }])
  assert.equal(merged.value['root'], '/mine')
  assert.deepEqual(mergeDraft({ base: merged.base, value: { ...merged.value, format: 'zip' } }, saved).conflicts, merged.conflicts)
  assert.deepEqual(mergeDraft({ base: { ...merged.base, root: '/theirs' }, value: { ...merged.value, root: '/theirs' } }, saved), { base: saved, value: saved, conflicts: [] })
})

test('what was taken out here stays out, and what was taken out of the file is told', () => {
  const { root: _, ...rest } = base
  assert.deepEqual(mergeDraft({ base, value: rest }, { ...base, format: 'zip' }).value, { ...rest, format: 'zip' })
  assert.deepEqual(mergeDraft({ base, value: { ...base, root: '/mine' } }, rest).conflicts, [{ path: ['root'], theirs: undefined }])
  const gone = mergeDraft({ base, value: { ...base, root: '/mine' } }, undefined)
  assert.deepEqual([gone.value['root'], gone.conflicts], ['/mine', [{ path: [], theirs: undefined }]])
  assert.deepEqual(mergeDraft({ base: undefined, value: base }, undefined).conflicts, [], 'a new one is no conflict')
})
