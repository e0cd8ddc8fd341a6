import { Alert, Button, Group, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core'
import { IconHistory, IconPackageOff, IconUpload } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import type { AppCard } from '../../../src/model/api/overview.ts'
import { useApp } from '../api/queries.ts'
import { useRunReport } from '../api/run-store.ts'
import { BackupButton } from '../components/backup-button.tsx'
import { Blank } from '../components/blank.tsx'
import { Bytes } from '../components/bytes.tsx'
import { DayStrip } from '../components/day-strip.tsx'
import { DestinationList } from '../components/destination-list.tsx'
import { Instant } from '../components/instant.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { reasonText, statusText } from '../components/reason-text.ts'
import { RestoreBanner } from '../components/restore-banner.tsx'
import { CancelRun, RunProgress } from '../components/run-progress.tsx'
import { SizeChart } from '../components/size-chart.tsx'
import { StateIcon, StateMark } from '../components/state-mark.tsx'
import { useCan } from '../components/use-can.ts'
import { useNow } from '../components/use-locale.ts'
import { restingState } from '../format/gravest.ts'
import { PointList } from './point-list.tsx'
import { RunList } from './run-list.tsx'

/** One application: how it stands, its restore points and its runs. */
export function Application({ name, tab }: { readonly name: string; readonly tab: string }): ReactElement {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const { app, isPending, error } = useApp(name)
  const isOperator = useCan('operator')
  if (app === undefined) {
    if (isPending) return <Stack aria-busy="true" role="status" aria-label={t('loading')}><Skeleton h={34} w={260} /><Skeleton h={180} radius="lg" /><Skeleton h={300} radius="lg" /></Stack>
    return error === null ? <Blank isPage icon={<IconPackageOff />} title={t('app.unknown')} action={<Button component={Link} href="/">{t('nav.overview')}</Button>}><Name>{name}</Name></Blank> : <ProblemAlert problem={error} />
  }
  const href = `/apps/${encodeURIComponent(name)}`
  return (
    <>
      <PageTitle
        name={name} title={<Group gap="sm"><Name>{name}</Name><StateMark state={app.status.state} /></Group>}
        below={<><Name mono>{app.root}</Name> · <bdi>{app.preset}</bdi></>}
        actions={isOperator ? (
          <>
            <BackupButton app={app} primary />
            <Button component={Link} href={`${href}/restore`} variant="default" leftSection={<IconHistory size={16} aria-hidden="true" />}>{t('restore.action')}</Button>
            <Button component={Link} href={`${href}/restore?from=upload`} variant="default" leftSection={<IconUpload size={16} aria-hidden="true" />}>{t('upload.action')}</Button>
          </>
        ) : undefined}
      />
      <Stack gap="md">
        <RestoreBanner app={name} />
        {app.destinations.filter(({ inside }) => inside).map((destination) => (
          <Alert key={destination.name} color="yellow" title={t('destination.insideTitle', { name: destination.name })}>{t('destination.insideHint')} <Name mono>{destination.place}</Name></Alert>
        ))}
        <Running app={app} />
        <Standing app={app} />
        <Tabs value={tab === 'runs' ? 'runs' : 'points'} onChange={(value) => navigate(value === 'runs' ? `${href}/runs` : href)} keepMounted={false}>
          <Tabs.List>
            <Tabs.Tab value="points">{t('app.points')}</Tabs.Tab>
            <Tabs.Tab value="runs">{t('app.runs')}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="points" pt="md"><PointList app={app} /></Tabs.Panel>
          <Tabs.Panel value="runs" pt="md"><RunList app={name} /></Tabs.Panel>
        </Tabs>
      </Stack>
    </>
  )
}

function Running({ app }: { readonly app: AppCard }): ReactElement | null {
  const { t } = useTranslation()
  const report = useRunReport(app.running?.run)
  const isOperator = useCan('operator')
  if (app.running === undefined) return app.queued ? <Alert color="kelp" role="status">{t('overview.queued')}</Alert> : null
  return (
    <section className="panel" aria-label={t('run.state')}>
      <Stack gap="sm">
        {report === undefined ? <Text fw={600}>{t(`kind.${app.running.kind}`)} · <Instant at={app.running.startedAt} /></Text> : <RunProgress report={report} />}
        <Group>
          {isOperator ? <><Button component={Link} href={`/apps/${encodeURIComponent(app.name)}/runs/${app.running.run}`} size="xs" variant="light">{t('run.watch')}</Button><CancelRun app={app.name} run={app.running.run} /></> : null}
        </Group>
      </Stack>
    </section>
  )
}

/** How it stands and why, its places, its last thirty days. */
function Standing({ app }: { readonly app: AppCard }): ReactElement {
  const { t, i18n } = useTranslation()
  const now = useNow()
  const resting = restingState(app.status)
  return (
    <section className={`panel panel-${resting}`} aria-label={t('app.standing')}>
      <div className="standing">
        <Stack gap="md" style={{ minWidth: 0 }}>
          {app.status.reasons.length === 0 ? <Text><bdi>{statusText(t, i18n.language, app, now)}</bdi></Text> : (
            <Stack gap={6} component="ul" style={{ listStyle: 'none', padding: 0, margin: 0 }}>
              {app.status.reasons.map((reason, index) => (
                <Group key={index} component="li" gap="xs" wrap="nowrap" align="flex-start">
                  <StateIcon state={reason.severity} />
                  <div>
                    <span className="visually-hidden">{t(`state.${reason.severity}`)}: </span>
                    <bdi>{reasonText(t, i18n.language, app, reason, now)}</bdi>
                    {i18n.language === 'en' ? null : <Text size="xs" className="quiet" lang="en">{reason.message}</Text>}
                  </div>
                </Group>
              ))}
            </Stack>
          )}
          <dl className="facts">
            <div><dt>{t('fact.verifiedPoint')}</dt><dd>{app.verifiedPointAt === undefined ? t('fact.none') : <Instant at={app.verifiedPointAt} />}</dd></div>
            <div><dt>{t('fact.newest')}</dt><dd>{app.newest === undefined ? t('fact.none') : <Instant at={app.newest.startedAt} />}</dd></div>
            <div><dt>{t('fact.size')}</dt><dd>{app.newest === undefined ? '–' : <><Bytes value={app.newest.sizeBytes} /> <Text span size="xs" className="quiet">({t('fact.ofContent')} <Bytes value={app.newest.contentBytes} />)</Text></>}</dd></div>
            <div><dt>{t('fact.schedule')}</dt><dd>{app.schedule === undefined ? t('fact.noSchedule') : <><bdi>{app.schedule.text}</bdi>{app.schedule.timezone === undefined ? null : <Text size="xs" className="quiet">{app.schedule.timezone}</Text>}</>}</dd></div>
            <div><dt>{t('fact.nextRun')}</dt><dd>{app.schedule?.next === undefined ? '–' : <><Instant at={app.schedule.next} /><Text size="xs" className="quiet"><Instant at={app.schedule.next} shown="absolute" /></Text></>}</dd></div>
          </dl>
          <div><Text size="xs" className="quiet" mb={4}>{t('days.label')}</Text><DayStrip days={app.days} /></div>
          {app.sizes.length < 2 ? null : <div><Text size="xs" className="quiet">{t('fact.sizes')}</Text><SizeChart sizes={app.sizes} /></div>}
        </Stack>
        <div>
          <Title order={2} size="h3" mb="xs">{t('app.destinations')}</Title>
          <DestinationList destinations={app.destinations} full />
        </div>
      </div>
    </section>
  )
}
