import { Button, Group, Skeleton, Stack, Text } from '@mantine/core'
import { IconArchiveOff } from '@tabler/icons-react'
import { Fragment } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard, Point } from '../../../src/model/api/overview.ts'
import { usePoints } from '../api/queries.ts'
import { BackupButton } from '../components/backup-button.tsx'
import { Blank } from '../components/blank.tsx'
import { Bytes } from '../components/bytes.tsx'
import { Instant } from '../components/instant.tsx'
import { Name } from '../components/name.tsx'
import { Copies, PointIcon, PointKind, PointState } from '../components/point-facts.tsx'
import { PointMenu } from '../components/point-menu.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { useCan } from '../components/use-can.ts'
import { useLocale } from '../components/use-locale.ts'

/** The restore points of an application on a line of time, newest first. */
export function PointList({ app }: { readonly app: AppCard }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = usePoints(app.name)
  const isOperator = useCan('operator')
  if (isPending) return <Stack aria-busy="true" role="status" aria-label={t('loading')}>{[1, 2, 3, 4].map((key) => <Skeleton key={key} h={56} radius="md" />)}</Stack>
  if (data === undefined) return <ProblemAlert problem={error} onRetry={() => void refetch()} />
  const points = data.pages.flatMap((page) => page.points)
  if (points.length === 0) {
    return <div className="panel"><Blank icon={<IconArchiveOff />} title={t('points.none')} action={isOperator ? <BackupButton app={app} primary /> : undefined}>{t('points.noneText')}</Blank></div>
  }
  const month = new Intl.DateTimeFormat(locale, { month: 'long', year: 'numeric' })
  return (
    <>
      {points.map((point, index) => {
        const heading = month.format(new Date(point.startedAt))
        const before = points[index - 1]
        const isFirst = before === undefined || month.format(new Date(before.startedAt)) !== heading
        return (
          <Fragment key={point.id}>
            {isFirst ? <Text component="h2" size="sm" fw={650} className="quiet" mt={index === 0 ? 0 : 'md'} mb={4}>{heading}</Text> : null}
            <Row point={point} app={app} />
          </Fragment>
        )
      })}
      <Group justify="center" mt="md">
        {hasNextPage ? <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('action.more')}</Button> : null}
        <Text size="sm" className="quiet">{t('points.total', { count: data.pages[0]?.total ?? points.length })}</Text>
      </Group>
    </>
  )
}

function Row({ point, app }: { readonly point: Point; readonly app: AppCard }): ReactElement {
  const { t } = useTranslation()
  return (
    <article className="point" aria-label={point.startedAt}>
      <div className="point-rail"><PointIcon point={point} /></div>
      <div className="point-body">
        <div>
          <Text fw={600}><Instant at={point.startedAt} shown="absolute" /> <Text span size="sm" fw={400} className="quiet nowrap"><Instant at={point.startedAt} /></Text></Text>
          <Text size="xs" className="quiet" truncate title={point.fileName}><Name mono>{point.fileName}</Name></Text>
        </div>
        <Stack gap={4}>
          <PointKind point={point} />
          <Group gap="xs"><Text size="sm" fw={550}><Bytes value={point.sizeBytes} /></Text><Text size="xs" className="quiet">{t('point.copies', { count: point.copies.length })}: <Copies copies={point.copies} />{missingIn(point, app) ? ` · ${t('point.notEverywhere')}` : ''}</Text></Group>
        </Stack>
        <div><PointState point={point} /></div>
        <PointMenu point={point} />
      </div>
    </article>
  )
}

/** Fewer copies than there are places for them. */
function missingIn(point: Point, app: AppCard): boolean {
  return app.destinations.some(({ name, state }) => state !== 'off' && !point.copies.some(({ vault }) => vault === name))
}
