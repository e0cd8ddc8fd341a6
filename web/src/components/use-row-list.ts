import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual'
import type { VirtualItem } from '@tanstack/react-virtual'
import { useEffect, useMemo, useReducer, useRef, useState } from 'react'
import type { ActionDispatch, KeyboardEvent, RefObject } from 'react'
import type { TreePage } from '../../../src/model/api/browse.ts'
import { emptyTree, pageSize, reduceTree, TreeRows } from '../format/tree-rows.ts'
import type { TreeAction, TreePlace, TreeState } from '../format/tree-rows.ts'

export const rowHeight = 34
/** So many pages are asked for at once: whoever jumps far is not kept waiting by what was passed. */
const requestsAtOnce = 2

type RowList = {
  readonly box: RefObject<HTMLDivElement | null>
  readonly state: TreeState
  readonly rows: TreeRows
  readonly dispatch: ActionDispatch<[action: TreeAction]>
  /** What is drawn, and how high all of it is. */
  readonly items: readonly VirtualItem[]
  readonly height: number
  /** The row that the keys act on: the one with the focus, or that would get it. */
  readonly current: number
  readonly focus: (index: number) => void
  readonly setFocused: (place: TreePlace) => void
  /** Where the usual keys of a list lead to; undefined for every other key. */
  readonly moveOf: (event: KeyboardEvent) => (() => void) | undefined
}

/** Rows of which only those that are seen are fetched and drawn, with one of them in the order of the tab key. `fetchPage` gives entries of a folder from an offset on. */
export function useRowList(fetchPage: (folder: string, offset: number) => Promise<TreePage>): RowList {
  const [state, dispatch] = useReducer(reduceTree, emptyTree)
  const [focused, setFocused] = useState<TreePlace>({ folder: '', at: 0 })
  const box = useRef<HTMLDivElement>(null)
  const asked = useRef(new Set<string>())
  const wanted = useRef<TreePlace>(undefined)
  const rows = useMemo(() => new TreeRows(state), [state])
  const current = nearestIndex(rows, focused)
  const virtual = useVirtualizer({
    count: rows.count, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12,
    // The row with the focus is always drawn: who scrolls away from it would else lose the focus.
    rangeExtractor: (range) => [...new Set([...defaultRangeExtractor(range), ...(current < rows.count ? [current] : [])])].sort((a, b) => a - b),
  })
  const load = async (key: string, page: number): Promise<void> => {
    const mark = `${key} ${page}`
    if (asked.current.has(mark) || asked.current.size >= requestsAtOnce) return
    asked.current.add(mark)
    try {
      const { entries, total } = await fetchPage(key, page * pageSize)
      asked.current.delete(mark)
      dispatch({ type: 'loaded', key, page, entries, total })
    } catch (problem) {
      asked.current.delete(mark)
      dispatch({ type: 'failed', key, page, problem })
    }
  }
  const items = virtual.getVirtualItems()
  // After each drawing: what is seen then is asked for, also where a page that has come made room for the next one.
  useEffect(() => {
    for (const { index } of items) {
      const row = rows.at(index)
      if (row?.kind === 'awaited' && row.problem === undefined) void load(row.folder, row.page)
    }
    // The one of an earlier drawing may come only now: it knows nothing of where the focus is to go.
    if (wanted.current !== focused) return
    wanted.current = undefined
    box.current?.querySelector<HTMLElement>(`[data-index="${current}"]`)?.focus({ preventScroll: true })
  })
  const focus = (index: number): void => {
    const next = Math.max(0, Math.min(rows.count - 1, index))
    const row = rows.at(next)
    if (row === undefined) return
    wanted.current = { folder: row.folder, at: row.at }
    setFocused(wanted.current)
    virtual.scrollToIndex(next)
  }
  const moveOf = ({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): (() => void) | undefined => {
    const onePage = Math.max(1, Math.floor((box.current?.clientHeight ?? 0) / rowHeight) - 1)
    const targets: Record<string, number | undefined> = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + onePage, PageUp: current - onePage, Home: 0, End: rows.count - 1 }
    const target = ctrlKey || altKey || metaKey ? undefined : targets[key]
    return target === undefined ? undefined : () => focus(target)
  }
  return { box, state, rows, dispatch, items, height: virtual.getTotalSize(), current, focus, setFocused, moveOf }
}

/** The row of a place, or of the folder around it that is still seen. */
function nearestIndex(rows: TreeRows, place: TreePlace): number {
  for (let at: TreePlace | undefined = place; at !== undefined; at = rows.placeOf(at.folder)) {
    const index = rows.indexOf(at)
    if (index !== undefined) return index
  }
  return 0
}
