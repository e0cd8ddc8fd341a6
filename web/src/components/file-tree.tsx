import { Button, Skeleton } from '@mantine/core'
import { IconChevronRight, IconDatabase, IconFile, IconFolder, IconFolderOpen, IconLink, IconPlugConnected } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useMemo, useReducer, useRef, useState } from 'react'
import type { KeyboardEvent, ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { TreeEntry, TreePage } from '../../../src/model/api/browse.ts'
import { get, serverUrl } from '../api/request.ts'
import { formatBytes } from '../format/byte-size.ts'
import { formatDateTime } from '../format/date-time.ts'
import { emptyTree, reduceTree, treeRows } from '../format/tree-rows.ts'
import type { TreeRow } from '../format/tree-rows.ts'
import { Name } from './name.tsx'
import { useLocale } from './use-locale.ts'

const rowHeight = 34
const pageSize = 500

type Props = {
  /** The address of a folder's pages, without its query: `api/apps/…/tree`. */
  readonly source: string
  readonly label: string
  readonly chosen: TreeEntry | undefined
  readonly onChoose: (entry: TreeEntry) => void
}

/** The names in a restore point, folder by folder; only what is seen is fetched and drawn. Keys as in every tree. */
export function FileTree({ source, label, chosen, onChoose }: Props): ReactElement {
  const { t } = useTranslation()
  const [state, dispatch] = useReducer(reduceTree, emptyTree)
  const [focused, setFocused] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const asked = useRef(new Set<string>())
  const rows = useMemo(() => treeRows(state), [state])
  const virtual = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 })

  const load = async (key: string): Promise<void> => {
    const cursor = state.folders.get(key)?.next
    const mark = `${key} ${cursor ?? ''}`
    if (asked.current.has(mark)) return
    asked.current.add(mark)
    dispatch({ type: 'loading', key })
    try {
      // The restore point itself is the folder without a name.
      const url = new URL(serverUrl(source, { ...(key === '' ? {} : { key }), cursor, limit: pageSize }))
      const { entries, total, next } = await get<TreePage>(url.href)
      dispatch({ type: 'loaded', key, entries, total, next })
    } catch (problem) {
      asked.current.delete(mark)
      dispatch({ type: 'failed', key, problem })
    }
  }
  const items = virtual.getVirtualItems()
  useEffect(() => {
    for (const { index } of items) {
      const row = rows[index]
      if (row?.kind === 'more' && row.problem === undefined) void load(row.folder)
    }
  })
  const toggle = (entry: TreeEntry): void => dispatch({ type: 'toggle', key: entry.key })
  const focus = (index: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, index))
    setFocused(next)
    virtual.scrollToIndex(next)
    // The row may have to be drawn first.
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-index="${next}"]`)?.focus())
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows[focused]
    const parent = row === undefined ? -1 : rows.slice(0, focused).findLastIndex(({ depth }) => depth < row.depth)
    const entry = row?.kind === 'entry' ? row.entry : undefined
    const isDir = entry?.kind === 'dir'
    const moves: Record<string, (() => void) | undefined> = {
      ArrowDown: () => focus(focused + 1), ArrowUp: () => focus(focused - 1), PageDown: () => focus(focused + 12), PageUp: () => focus(focused - 12),
      Home: () => focus(0), End: () => focus(rows.length - 1),
      ArrowRight: () => row?.kind === 'entry' && isDir ? row.isOpen ? focus(focused + 1) : toggle(row.entry) : undefined,
      ArrowLeft: () => row?.kind === 'entry' && row.isOpen ? toggle(row.entry) : parent >= 0 ? focus(parent) : undefined,
      Enter: () => entry === undefined ? undefined : onChoose(entry), ' ': () => entry === undefined ? undefined : onChoose(entry),
    }
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    move()
  }
  return (
    <div className="tree" ref={box} style={{ height: `clamp(12rem, ${virtual.getTotalSize() + 2}px, min(62vh, 40rem))` }} role="tree" aria-label={label} aria-busy={state.folders.get('')?.isLoading === true} onKeyDown={onKeyDown} tabIndex={rows.length === 0 ? 0 : -1}>
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map(({ index, start }) => {
          const row = rows[index]
          if (row === undefined) return null
          const style = { height: rowHeight, transform: `translateY(${start}px)`, paddingInlineStart: 8 + Math.min(row.depth, 24) * 18 }
          if (row.kind === 'more') {
            return (
              <div key={`more ${row.folder}`} className="tree-row" style={style} data-index={index} role="treeitem" aria-level={row.depth + 1} aria-selected={false} tabIndex={index === focused ? 0 : -1}>
                {row.problem === undefined ? <Skeleton h={14} w={220} role="status" aria-label={t('loading')} /> : <Button size="compact-xs" variant="default" tabIndex={-1} onClick={() => void load(row.folder)}>{t('tree.failed')}</Button>}
              </div>
            )
          }
          return (
            <EntryRow
              key={row.entry.key} row={row} index={index} style={style} isFocused={index === focused} isChosen={chosen?.key === row.entry.key}
              onClick={() => {
                setFocused(index)
                if (row.entry.kind === 'dir') toggle(row.entry)
                onChoose(row.entry)
              }}
            />
          )
        })}
      </div>
    </div>
  )
}

const icons = { file: IconFile, symlink: IconLink, fifo: IconPlugConnected, socket: IconPlugConnected, char: IconPlugConnected, block: IconPlugConnected } as const

/** The sign of what an entry is. */
export function EntryIcon({ entry, isOpen = false }: { readonly entry: TreeEntry; readonly isOpen?: boolean }): ReactElement {
  const { t } = useTranslation()
  const Icon = entry.dump ? IconDatabase : entry.kind === 'dir' ? isOpen ? IconFolderOpen : IconFolder : icons[entry.kind]
  return <Icon size={17} stroke={1.6} role="img" aria-label={entry.dump ? t('entry.dump') : t(`entry.${entry.kind}`)} style={{ flex: 'none', color: entry.kind === 'dir' ? 'var(--accent)' : undefined }} />
}

function EntryRow({ row, index, style, isFocused, isChosen, onClick }: { readonly row: Extract<TreeRow, { kind: 'entry' }>; readonly index: number; readonly style: React.CSSProperties; readonly isFocused: boolean; readonly isChosen: boolean; readonly onClick: () => void }): ReactElement {
  const locale = useLocale()
  const { entry, isOpen } = row
  return (
    <div className="tree-row" style={style} data-index={index} role="treeitem" aria-level={row.depth + 1} aria-setsize={row.of} aria-posinset={row.at} aria-expanded={entry.kind === 'dir' ? isOpen : undefined} aria-selected={isChosen} tabIndex={isFocused ? 0 : -1} onClick={onClick}>
      <IconChevronRight size={15} aria-hidden="true" style={{ flex: 'none', visibility: entry.kind === 'dir' ? 'visible' : 'hidden', transform: isOpen ? 'rotate(90deg)' : undefined }} />
      <EntryIcon entry={entry} isOpen={isOpen} />
      <span className="tree-name"><Name>{entry.name}</Name>{entry.linkTarget === undefined ? null : <span className="quiet"> → <Name>{entry.linkTarget}</Name></span>}</span>
      <span className="tree-size quiet figure">{entry.sizeBytes === undefined || entry.kind === 'dir' ? '' : formatBytes(entry.sizeBytes, locale)}</span>
      <span className="tree-date quiet figure">{formatDateTime(entry.mtime, locale)}</span>
    </div>
  )
}
