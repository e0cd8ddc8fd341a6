import { Button, Group, Skeleton, Stack, Table, Text } from '@mantine/core'
import { IconHistoryOff } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useRuns } from '../api/queries.ts'
import { Blank } from '../components/blank.tsx'
import { Bytes, Count } from '../components/bytes.tsx'
import { Instant } from '../components/instant.tsx'
import { Name } from '../components/name.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { OutcomeMark } from '../components/ticket-problem.tsx'
import { useCan } from '../components/use-can.ts'
import { useLocale } from '../components/use-locale.ts'
import { formatDuration } from '../format/duration.ts'

/** What ran for an application, newest first, each with its log. */
export function RunList({ app }: { readonly app: string }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const isOperator = useCan('operator')
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useRuns(app)
  if (isPending) return <Stack aria-busy="true" role="status" aria-label={t('loading')}>{[1, 2, 3, 4].map((key) => <Skeleton key={key} h={44} />)}</Stack>
  if (data === undefined) return <ProblemAlert problem={error} onRetry={() => void refetch()} />
  const runs = data.pages.flatMap((page) => page.runs)
  if (runs.length === 0) return <div className="panel"><Blank icon={<IconHistoryOff />} title={t('runs.none')}>{t('runs.noneText')}</Blank></div>
  return (
    <div className="panel scroll-x" tabIndex={0} role="region" aria-label={t('app.runs')}>
      <Table className="as-cards" verticalSpacing="xs" highlightOnHover>
        <Table.Thead>
          <Table.Tr><Table.Th>{t('runs.what')}</Table.Th><Table.Th>{t('run.began')}</Table.Th><Table.Th>{t('runs.outcome')}</Table.Th><Table.Th>{t('run.took')}</Table.Th><Table.Th ta="end">{t('runs.bytes')}</Table.Th><Table.Th ta="end">{t('runs.warnings')}</Table.Th></Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => (
            <Table.Tr key={run.run}>
              <Table.Td className="nowrap">{isOperator ? <Link href={`/apps/${encodeURIComponent(app)}/runs/${run.run}`} aria-label={`${t(`kind.${run.kind}`)} ${run.startedAt}`}><b>{t(`kind.${run.kind}`)}</b></Link> : <b>{t(`kind.${run.kind}`)}</b>}</Table.Td>
              <Table.Td className="nowrap"><Instant at={run.startedAt} shown="both" /></Table.Td>
              <Table.Td className="card-first">
                {run.outcome === undefined ? <StateMark state="running" /> : <OutcomeMark outcome={run.outcome} />}
                {run.error === undefined ? null : <Text size="xs" maw={360} lang="en"><Name>{run.error.message}</Name></Text>}
              </Table.Td>
              <Table.Td className="nowrap">{run.finishedAt === undefined ? '–' : formatDuration(Date.parse(run.finishedAt) - Date.parse(run.startedAt), locale)}</Table.Td>
              <Table.Td ta="end" className={run.bytes === 0 ? 'card-left-out' : undefined}>{run.bytes === 0 ? '–' : <Bytes value={run.bytes} />}</Table.Td>
              <Table.Td ta="end" className={run.warnings === 0 ? 'card-left-out' : undefined}>{run.warnings === 0 ? '–' : <><Count value={run.warnings} /> <Text span size="xs" className="quiet" hiddenFrom="xs">{t('runs.warnings')}</Text></>}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {hasNextPage ? <Group justify="center" mt="md"><Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('action.more')}</Button></Group> : null}
    </div>
  )
}
