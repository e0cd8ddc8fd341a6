import { Button, Skeleton, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { TreeEntry, TreePage } from '../../../src/model/api/browse.ts'
import { get, serverUrl } from '../api/request.ts'
import { formatBytes } from '../format/byte-size.ts'
import { pageSize } from '../format/tree-rows.ts'
import { EntryIcon } from './file-tree.tsx'
import { Name } from './name.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { useLocale } from './use-locale.ts'
import { rowHeight, useRowList } from './use-row-list.ts'

/** What a search in a restore point has found, as a list of paths; arrows go through it. */
export function EntryList({ source, words, chosen, onChoose }: { readonly source: string; readonly words: string; readonly chosen: TreeEntry | undefined; readonly onChoose: (entry: TreeEntry) => void }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const { box, state, rows, dispatch, items, height, current, setFocused, moveOf } = useRowList(async (_, cursor) => await get<TreePage>(serverUrl(source, { q: words, cursor, limit: pageSize })))
  const found = state.folders.get('')
  const retry = (page: number): void => dispatch({ type: 'retry', key: '', page })
  if (found?.problems.has(0) === true) return <ProblemAlert problem={found.problems.get(0)} onRetry={() => retry(0)} />
  return (
    <div>
      <Text size="sm" className="quiet" mb={6} role="status">{found?.total === undefined ? t('loading') : t('search.found', { count: found.total })}</Text>
      <div
        className="tree" ref={box} style={{ height: `clamp(12rem, ${height + 2}px, min(58vh, 38rem))` }} role="listbox" aria-label={t('search.results')} tabIndex={rows.count === 0 ? 0 : -1}
        onKeyDown={(event) => {
          const row = rows.at(current)
          const isChoice = event.key === 'Enter' || event.key === ' '
          const act = moveOf(event) ?? (isChoice && row?.kind === 'entry' ? () => onChoose(row.entry) : undefined)
          if (act === undefined) return
          event.preventDefault()
          act()
        }}
      >
        <div style={{ height, position: 'relative' }} role="presentation">
          {items.map(({ index, start }) => {
            const row = rows.at(index)
            if (row === undefined) return null
            const isLoading = row.kind === 'awaited' && row.problem === undefined
            return (
              <div
                key={row.at} className="tree-row" data-index={index} role="option" aria-selected={row.kind === 'entry' && chosen?.key === row.entry.key} aria-setsize={row.of} aria-posinset={row.at + 1} aria-label={isLoading ? t('loading') : undefined} tabIndex={index === current ? 0 : -1}
                style={{ height: rowHeight, transform: `translateY(${start}px)`, paddingInlineStart: 12 }} onFocus={() => setFocused(row)} onClick={() => row.kind === 'entry' && onChoose(row.entry)}
              >
                {row.kind === 'awaited' ? isLoading ? <Skeleton h={14} w={220} aria-hidden="true" /> : <Button size="compact-xs" variant="default" tabIndex={-1} onClick={() => retry(row.page)}>{t('tree.failed')}</Button> : (
                  <>
                    <EntryIcon entry={row.entry} />
                    <span className="tree-name"><Name>{row.entry.path}</Name></span>
                    <span className="tree-size quiet figure">{row.entry.sizeBytes === undefined ? '' : formatBytes(row.entry.sizeBytes, locale)}</span>
                  </>
                )}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
