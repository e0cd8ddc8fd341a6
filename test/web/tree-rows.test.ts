import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TreeEntry } from '../../src/model/api/browse.ts'
import { emptyTree, pageSize, reduceTree, TreeRows } from '../../web/src/format/tree-rows.ts'
import type { TreePlace, TreeState } from '../../web/src/format/tree-rows.ts'

const entry = (path: string, kind: 'file' | 'dir' = 'file'): TreeEntry => ({ key: path, path, name: path, kind, mtime: '2026-01-01T00:00:00Z', mode: 0o644, owner: '', dump: false })
const loaded = (state: TreeState, key: string, entries: readonly TreeEntry[], total = entries.length, page = 0): TreeState => reduceTree(state, { type: 'loaded', key, page, entries, total })
const toggled = (state: TreeState, key: string, folder: string, at: number): TreeState => reduceTree(state, { type: 'toggle', key, place: { folder, at } })
const shown = (state: TreeState): readonly string[] => {
  const rows = new TreeRows(state)
  return Array.from({ length: rows.count }, (_, index) => {
    const row = rows.at(index)
    assert.ok(row !== undefined)
    assert.equal(rows.indexOf(row), index)
    return `${'  '.repeat(row.depth)}${row.kind === 'entry' ? row.entry.name : '…'}`
  })
}

test('what is not known yet stands as one row, and asks to be fetched', () => {
  assert.deepEqual(shown(emptyTree), ['…'])
  assert.deepEqual(shown(loaded(emptyTree, '', [])), [])
})

test('an open folder shows its entries below it, a closed one does not', () => {
  let state = loaded(emptyTree, '', [entry('a', 'dir'), entry('b'), entry('c', 'dir')])
  assert.deepEqual(shown(state), ['a', 'b', 'c'])
  state = toggled(state, 'a', '', 0)
  assert.deepEqual(shown(state), ['a', '  …', 'b', 'c'])
  state = toggled(loaded(state, 'a', [entry('a/x', 'dir'), entry('a/y')]), 'a/x', 'a', 0)
  state = loaded(state, 'a/x', [entry('a/x/z')])
  state = loaded(toggled(state, 'c', '', 2), 'c', [])
  assert.deepEqual(shown(state), ['a', '  a/x', '    a/x/z', '  a/y', 'b', 'c'])
  const closed = toggled(state, 'a', '', 0)
  assert.deepEqual(shown(closed), ['a', 'b', 'c'])
  assert.equal(new TreeRows(closed).indexOf({ folder: 'a', at: 1 }), undefined)
  assert.deepEqual(new TreeRows(state).placeOf('a/x'), { folder: 'a', at: 0 })
  assert.deepEqual(shown(toggled(closed, 'a', '', 0)), shown(state), 'what was open inside stays so')
})

test('a long folder has all its rows with its first page; any other page fills its own', () => {
  let state = loaded(emptyTree, '', [entry('0')], 100_000)
  let rows = new TreeRows(state)
  assert.equal(rows.count, 100_000)
  const last = rows.at(99_999)
  assert.ok(last?.kind === 'awaited')
  assert.equal(last.page, 99_999 / pageSize | 0)
  state = loaded(state, '', Array.from({ length: pageSize }, (_, index) => entry(String(last.page * pageSize + index))), 100_000, last.page)
  rows = new TreeRows(state)
  const come = rows.at(99_999)
  assert.ok(come?.kind === 'entry')
  assert.equal(come.entry.name, '99999')
  assert.equal(rows.at(pageSize)?.kind, 'awaited')
  assert.equal(rows.at(100_000), undefined)
})

test('a page that could not be fetched keeps what is there and can be asked for again', () => {
  let state = reduceTree(loaded(emptyTree, '', [entry('1')], 600), { type: 'failed', key: '', page: 1, problem: new Error('gone') })
  const row = new TreeRows(state).at(599)
  assert.ok(row?.kind === 'awaited' && row.problem instanceof Error)
  assert.equal(new TreeRows(state).at(0)?.kind, 'entry')
  state = reduceTree(state, { type: 'retry', key: '', page: 1 })
  const again = new TreeRows(state).at(599)
  assert.ok(again?.kind === 'awaited' && again.problem === undefined)
})

test('a folder of 100,000 entries and one of 5,000 levels make their rows quickly', () => {
  let state = loaded(emptyTree, '', [], 100_000)
  state = loaded(state, '', Array.from({ length: pageSize }, (_, at) => at === pageSize - 1 ? entry('d0', 'dir') : entry(String(at))), 100_000, 199)
  const levels = Array.from({ length: 5000 }, (_, level) => level)
  const inner = levels.map((level): [string, { total: number; pages: Map<number, readonly TreeEntry[]>; problems: Map<number, unknown> }] => [`d${level}`, { total: 1, pages: new Map([[0, [entry(`d${level + 1}`, 'dir')]]]), problems: new Map() }])
  const open = levels.map((level): [string, TreePlace] => [`d${level}`, level === 0 ? { folder: '', at: 99_999 } : { folder: `d${level - 1}`, at: 0 }])
  state = { folders: new Map([...state.folders, ...inner]), open: new Map(open) }
  const begin = performance.now()
  const rows = new TreeRows(state)
  assert.equal(rows.count, 105_000)
  assert.equal(rows.at(104_999)?.depth, 5000)
  assert.ok(performance.now() - begin < 500)
})
