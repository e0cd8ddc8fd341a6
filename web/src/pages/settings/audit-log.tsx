import { Button, Group, Skeleton, Table } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditPage } from '../../../../src/model/api/access.ts'
import { get, serverUrl } from '../../api/request.ts'
import { Instant } from '../../components/instant.tsx'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { StateMark } from '../../components/state-mark.tsx'

const marks = { ok: 'ok', denied: 'warning', failed: 'failed' } as const

/** Who did what, and whether they were let. */
export function AuditLog(): ReactElement {
  const { t } = useTranslation()
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam, signal }) => get<AuditPage>(serverUrl('api/audit', { limit: 100, cursor: pageParam }), signal),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    staleTime: 0,
  })
  return (
    <>
      <PageTitle name={t('settings.audit')} title={t('settings.audit')} below={t('audit.text')} actions={<Button variant="default" onClick={() => void refetch()}>{t('action.refresh')}</Button>} />
      <ProblemAlert problem={error} />
      {isPending ? <Skeleton h={300} role="status" aria-label={t('loading')} /> : (
        <div className="panel scroll-x" tabIndex={0} role="region" aria-label={t('settings.audit')}>
          <Table className="as-cards" verticalSpacing={6} highlightOnHover>
            <Table.Thead><Table.Tr><Table.Th>{t('audit.at')}</Table.Th><Table.Th>{t('audit.who')}</Table.Th><Table.Th>{t('audit.action')}</Table.Th><Table.Th>{t('audit.target')}</Table.Th><Table.Th>{t('account.address')}</Table.Th><Table.Th>{t('runs.outcome')}</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {data?.pages.flatMap(({ entries }) => entries).map((entry, index) => (
                <Table.Tr key={index}>
                  <Table.Td className="nowrap"><Instant at={entry.at} shown="absolute" /></Table.Td><Table.Td><Name>{entry.who}</Name></Table.Td><Table.Td>{t(`audit.did.${entry.action}` as 'audit.did.backup', { defaultValue: entry.action })}</Table.Td>
                  <Table.Td><Name mono>{entry.target ?? '–'}</Name></Table.Td><Table.Td><Name>{entry.address}</Name></Table.Td><Table.Td className="card-first"><StateMark state={marks[entry.outcome]} label={t(`audit.${entry.outcome}`)} /></Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
          {hasNextPage ? <Group justify="center" mt="md"><Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('action.more')}</Button></Group> : null}
        </div>
      )}
    </>
  )
}
