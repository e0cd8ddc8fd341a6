import { Button, Skeleton } from '@mantine/core'
import { IconChevronRight, IconDatabase, IconFile, IconFolder, IconFolderOpen, IconLink, IconPlugConnected } from '@tabler/icons-react'
import type { CSSProperties, KeyboardEvent, ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { TreeEntry, TreePage, TreePlace as FoundPlace } from '../../../src/model/api/browse.ts'
import { get, serverUrl } from '../api/request.ts'
import { formatBytes } from '../format/byte-size.ts'
import { formatDateTime } from '../format/date-time.ts'
import { pageSize } from '../format/tree-rows.ts'
import type { TreeRow } from '../format/tree-rows.ts'
import { Name } from './name.tsx'
import { useLocale } from './use-locale.ts'
import { useNameSearch } from './use-name-search.ts'
import { rowHeight, useRowList } from './use-row-list.ts'

type Props = {
  /** The address of a folder's pages, without its query: `api/apps/…/tree`. */
  readonly source: string
  readonly label: string
  readonly chosen: TreeEntry | undefined
  /** Not seen for now; what is open stays so. */
  readonly isHidden: boolean
  readonly onChoose: (entry: TreeEntry) => void
}

/** The names in a restore point, folder by folder; only what is seen is fetched and drawn. Keys as in every tree, and letters find names. */
export function FileTree({ source, label, chosen, isHidden, onChoose }: Props): ReactElement {
  const { box, state, rows, dispatch, items, height, current, focus, setFocused, moveOf } = useRowList(async (key, cursor) => await get<TreePage>(serverUrl(source, { key, cursor, limit: pageSize })))
  const toggle = (row: Extract<TreeRow, { kind: 'entry' }>): void => dispatch({ type: 'toggle', key: row.entry.key, place: { folder: row.folder, at: row.at } })
  const letters = useNameSearch(async (name, goesOn) => {
    const row = rows.at(current)
    if (row === undefined) return undefined
    const inside = row.kind === 'entry' && row.isOpen ? [{ folder: row.entry.key, from: 0 }] : []
    for (const { folder, from } of [...inside, { folder: row.folder, from: row.at + (goesOn ? 1 : 0) }]) {
      const { at } = await get<FoundPlace>(serverUrl(`${source}/place`, { key: folder, name, from }))
      if (at !== undefined) return { folder, at }
    }
    return undefined
  }, (place) => {
    const index = rows.indexOf(place)
    if (index !== undefined && box.current?.contains(document.activeElement) === true) focus(index)
  })
  const actionOf = (row: TreeRow, { key }: KeyboardEvent): (() => void) | undefined => {
    const parent = rows.placeOf(row.folder)
    const parentIndex = parent === undefined ? undefined : rows.indexOf(parent)
    const isFolder = row.kind === 'entry' && row.entry.kind === 'dir'
    const choose = (): void => row.kind === 'entry' ? onChoose(row.entry) : row.problem === undefined ? undefined : dispatch({ type: 'retry', key: row.folder, page: row.page })
    switch (key) {
      case 'ArrowRight': return () => isFolder ? row.isOpen ? focus(current + 1) : toggle(row) : undefined
      case 'ArrowLeft': return () => isFolder && row.isOpen ? toggle(row) : parentIndex === undefined ? undefined : focus(parentIndex)
      case 'Enter': return choose
      case ' ': return letters.isTyping() ? () => letters.type(key) : choose
      default: return [...key].length === 1 ? () => letters.type(key) : undefined
    }
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = rows.at(current)
    if (row === undefined || event.ctrlKey || event.altKey || event.metaKey) return
    const act = moveOf(event) ?? actionOf(row, event)
    if (act === undefined) return
    event.preventDefault()
    act()
  }
  return (
    <div className="tree" ref={box} hidden={isHidden} style={{ height: `clamp(12rem, ${height + 2}px, min(62vh, 40rem))` }} role="tree" aria-label={label} aria-busy={state.folders.get('')?.total === undefined} onKeyDown={onKeyDown} tabIndex={rows.count === 0 ? 0 : -1}>
      <div style={{ height, position: 'relative' }} role="presentation">
        {items.map(({ index, start }) => {
          const row = rows.at(index)
          return row === undefined ? null : (
            <RowOfTree
              // The place and not the name: the row that waits for a name is the one that has it then, with the focus that it has.
              key={`${row.folder} ${row.at}`} row={row} index={index} isFocused={index === current} isChosen={row.kind === 'entry' && chosen?.key === row.entry.key}
              style={{ height: rowHeight, transform: `translateY(${start}px)`, paddingInlineStart: 8 + Math.min(row.depth, 24) * 18 }}
              onFocus={() => setFocused({ folder: row.folder, at: row.at })} onRetry={(page) => dispatch({ type: 'retry', key: row.folder, page })}
              onClick={() => {
                if (row.kind !== 'entry') return
                if (row.entry.kind === 'dir') toggle(row)
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

type RowProps = {
  readonly row: TreeRow
  readonly index: number
  readonly style: CSSProperties
  readonly isFocused: boolean
  readonly isChosen: boolean
  readonly onFocus: () => void
  readonly onClick: () => void
  readonly onRetry: (page: number) => void
}

function RowOfTree({ row, index, style, isFocused, isChosen, onFocus, onClick, onRetry }: RowProps): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const isFolder = row.kind === 'entry' && row.entry.kind === 'dir'
  const isLoading = row.kind === 'awaited' && row.problem === undefined
  return (
    <div
      className="tree-row" style={style} data-index={index} role="treeitem" aria-level={row.depth + 1} aria-setsize={row.of} aria-posinset={row.at + 1} aria-expanded={isFolder ? row.isOpen : undefined} aria-selected={isChosen}
      aria-busy={isLoading ? true : undefined} aria-label={isLoading ? t('loading') : undefined} tabIndex={isFocused ? 0 : -1} onFocus={onFocus} onClick={onClick}
    >
      {row.kind === 'awaited' ? row.problem === undefined ? <Skeleton h={14} w={220} aria-hidden="true" /> : <Button size="compact-xs" variant="default" tabIndex={-1} onClick={() => onRetry(row.page)}>{t('tree.failed')}</Button> : (
        <>
          <IconChevronRight size={15} aria-hidden="true" style={{ flex: 'none', visibility: isFolder ? 'visible' : 'hidden', transform: row.isOpen ? 'rotate(90deg)' : undefined }} />
          <EntryIcon entry={row.entry} isOpen={row.isOpen} />
          <span className="tree-name"><Name>{row.entry.name}</Name>{row.entry.linkTarget === undefined ? null : <span className="quiet"> → <Name>{row.entry.linkTarget}</Name></span>}</span>
          <span className="tree-size quiet figure">{row.entry.sizeBytes === undefined || isFolder ? '' : formatBytes(row.entry.sizeBytes, locale)}</span>
          <span className="tree-date quiet figure">{formatDateTime(row.entry.mtime, locale)}</span>
        </>
      )}
    </div>
  )
}
