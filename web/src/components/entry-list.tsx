import { Text } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { TreeEntry, TreePage } from '../../../src/model/api/browse.ts'
import { get, serverUrl } from '../api/request.ts'
import { formatBytes } from '../format/byte-size.ts'
import { EntryIcon } from './file-tree.tsx'
import { Name } from './name.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { useLocale } from './use-locale.ts'

const rowHeight = 34

/** What a search in a restore point has found, as a list of paths. */
export function EntryList({ source, words, chosen, onChoose }: { readonly source: string; readonly words: string; readonly chosen: TreeEntry | undefined; readonly onChoose: (entry: TreeEntry) => void }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const box = useRef<HTMLDivElement>(null)
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ['search', source, words],
    queryFn: ({ pageParam, signal }) => get<TreePage>(serverUrl(source, { q: words, cursor: pageParam, limit: 200 }), signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
  })
  const entries = data?.pages.flatMap((page) => page.entries) ?? []
  const virtual = useVirtualizer({ count: entries.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= entries.length - 20 && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [last, entries.length, hasNextPage, isFetchingNextPage, fetchNextPage])
  if (error !== null) return <ProblemAlert problem={error} />
  return (
    <div>
      <Text size="sm" className="quiet" mb={6} role="status">{isPending ? t('loading') : t('search.found', { count: data?.pages[0]?.total ?? 0 })}</Text>
      <div className="tree" ref={box} style={{ height: `clamp(12rem, ${virtual.getTotalSize() + 2}px, min(58vh, 38rem))` }} role="listbox" aria-label={t('search.results')} tabIndex={0}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }} role="presentation">
          {items.map(({ index, start }) => {
            const entry = entries[index]
            if (entry === undefined) return null
            return (
              <div
                key={entry.key} className="tree-row" role="option" aria-selected={chosen?.key === entry.key} tabIndex={0} style={{ height: rowHeight, transform: `translateY(${start}px)`, paddingInlineStart: 12 }} onClick={() => onChoose(entry)}
                onKeyDown={(event) => {
                  if (event.key === 'Enter' || event.key === ' ') {
                    event.preventDefault()
                    onChoose(entry)
                  }
                }}
              >
                <EntryIcon entry={entry} />
                <span className="tree-name"><Name>{entry.path}</Name></span>
                <span className="tree-size quiet figure">{entry.sizeBytes === undefined ? '' : formatBytes(entry.sizeBytes, locale)}</span>
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
