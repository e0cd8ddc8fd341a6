import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TreeEntry } from '../../src/model/api/browse.ts'
import { emptyTree, reduceTree, treeRows } from '../../web/src/format/tree-rows.ts'
import type { TreeState } from '../../web/src/format/tree-rows.ts'

const entry = (path: string, kind: 'file' | 'dir' = 'file'): TreeEntry => ({ key: path, path, name: path, kind, mtime: '2026-01-01T00:00:00Z', mode: 0o644, owner: '', dump: false })
const loaded = (state: TreeState, key: string, entries: readonly TreeEntry[], total: number, next?: string): TreeState => reduceTree(state, { type: 'loaded', key, entries, total, next })
const shown = (state: TreeState): readonly string[] => treeRows(state).map((row) => row.kind === 'entry' ? `${'  '.repeat(row.depth)}${row.entry.name}` : `${'  '.repeat(row.depth)}… ${row.left}`)

test('what has not come yet stands as one row, and asks to be fetched', () => {
  assert.deepEqual(shown(emptyTree), ['… 0'])
})

test('an open folder shows its entries below it, a closed one does not', () => {
  let state = loaded(emptyTree, '', [entry('a', 'dir'), entry('b')], 2)
  assert.deepEqual(shown(state), ['a', 'b'])
  state = reduceTree(state, { type: 'toggle', key: 'a' })
  assert.deepEqual(shown(state), ['a', '  … 0', 'b'])
  state = loaded(state, 'a', [entry('a/x')], 1)
  assert.deepEqual(shown(state), ['a', '  a/x', 'b'])
  assert.deepEqual(shown(reduceTree(state, { type: 'toggle', key: 'a' })), ['a', 'b'])
})

test('a long folder comes page by page, and a page that comes twice counts once', () => {
  let state = loaded(emptyTree, '', [entry('1'), entry('2')], 3, '2')
  assert.deepEqual(shown(state), ['1', '2', '… 1'])
  state = loaded(state, '', [entry('2'), entry('3')], 3)
  assert.deepEqual(shown(state), ['1', '2', '3'])
})

test('a page that could not be fetched keeps what is there and can be asked for again', () => {
  let state = loaded(emptyTree, '', [entry('1')], 2, '1')
  state = reduceTree(state, { type: 'failed', key: '', problem: new Error('gone') })
  const [, more] = treeRows(state)
  assert.equal(more?.kind, 'more')
  assert.ok(more.problem instanceof Error)
  assert.deepEqual(shown(loaded(reduceTree(state, { type: 'loading', key: '' }), '', [entry('2')], 2)), ['1', '2'])
})

test('a folder of 100,000 entries and one of 5,000 levels make their rows quickly', () => {
  const many = Array.from({ length: 100_000 }, (_, index) => entry(String(index)))
  const levels = Array.from({ length: 5000 }, (_, level) => `d${level}`)
  const whole = (entries: readonly TreeEntry[]): { entries: readonly TreeEntry[]; total: number; next: undefined; isLoading: false } => ({ entries, total: entries.length, next: undefined, isLoading: false })
  const folders = new Map([['', whole([...many, entry('d0', 'dir')])], ...levels.map((path, level) => [path, whole([entry(`d${level + 1}`, 'dir')])] as const)])
  const begin = performance.now()
  assert.equal(treeRows({ folders, open: new Set(['', ...levels]) }).length, 100_000 + 5001)
  assert.ok(performance.now() - begin < 500)
})
