import { Alert, Button, Group, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core'
import { IconHistory, IconLifebuoy, IconSearch, IconShieldCheck, IconShieldExclamation, IconShieldX } from '@tabler/icons-react'
import { memo, useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { AppCard, Overview as OverviewData } from '../../../src/model/api/overview.ts'
import { useOverview } from '../api/queries.ts'
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
import { statusText } from '../components/reason-text.ts'
import { RunProgress } from '../components/run-progress.tsx'
import { SizeChart } from '../components/size-chart.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { useCan } from '../components/use-can.ts'
import { useLocale, useNow } from '../components/use-locale.ts'
import { byGravity, restingState } from '../format/gravest.ts'

/** So many are shown without a field to look for one. */
const searchFrom = 9

export function Overview(): ReactElement {
  const { t } = useTranslation()
  const { data, error, refetch } = useOverview()
  const [words, setWords] = useState('')
  const isAdmin = useCan('admin')
  if (data === undefined) return error === null ? <Loading /> : <ProblemAlert problem={error} onRetry={() => void refetch()} />
  if (data.apps.length === 0 && data.unseen > 0) return <Loading />
  if (data.apps.length === 0) {
    return (
      <>
        <PageTitle name={t('nav.overview')} title={t('nav.overview')} />
        <div className="panel">
          <Blank icon={<IconLifebuoy />} title={t('overview.emptyTitle')} action={isAdmin ? <Button component={Link} href="/welcome" size="md">{t('overview.emptyAction')}</Button> : undefined}>
            {isAdmin ? t('overview.emptyText') : t('overview.emptyViewer')}
          </Blank>
        </div>
      </>
    )
  }
  const shown = byGravity(data.apps).filter(({ name, root }) => `${name} ${root}`.toLowerCase().includes(words.trim().toLowerCase()))
  return (
    <>
      <PageTitle name={t('nav.overview')} title={t('nav.overview')} />
      <Stack gap="md">
        {error === null ? null : <ProblemAlert problem={error} onRetry={() => void refetch()} />}
        <Verdict overview={data} />
        <Reporting reporting={data.reporting} />
        {data.apps.length < searchFrom ? null : <TextInput value={words} onChange={({ currentTarget }) => setWords(currentTarget.value)} placeholder={t('overview.search')} aria-label={t('overview.search')} leftSection={<IconSearch size={16} aria-hidden="true" />} maw={360} type="search" />}
        <Cards apps={shown} />
        {shown.length === 0 ? <Text className="quiet">{t('overview.noMatch')}</Text> : null}
      </Stack>
    </>
  )
}

/** So many more are drawn whenever the end of the page comes near: 200 at once would take seconds on a small machine. */
const cardsAtOnce = 12

function Cards({ apps }: { readonly apps: readonly AppCard[] }): ReactElement {
  const { t } = useTranslation()
  const [most, setMost] = useState(cardsAtOnce)
  const end = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const { current } = end
    if (current === null) return undefined
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && setMost((before) => before + cardsAtOnce), { rootMargin: '800px' })
    observer.observe(current)
    return () => observer.disconnect()
  }, [most, apps.length])
  return (
    <>
      <div className="cards">{apps.slice(0, most).map((app) => <Card key={app.name} app={app} />)}</div>
      {apps.length > most ? <Button ref={end} variant="default" onClick={() => setMost(apps.length)}>{t('action.more')}</Button> : null}
    </>
  )
}

/** The one honest sentence. */
function Verdict({ overview }: { readonly overview: OverviewData }): ReactElement {
  const { t, i18n } = useTranslation()
  const now = useNow()
  const worst = byGravity(overview.apps).find(({ status }) => restingState(status) !== 'ok')
  // What was not looked at yet may be anything.
  const state = worst === undefined ? overview.unseen > 0 ? 'warning' : 'ok' : restingState(worst.status)
  const Icon = state === 'ok' ? IconShieldCheck : state === 'warning' ? IconShieldExclamation : IconShieldX
  const shownState = state === 'never' ? 'failed' : state
  return (
    <section className={`panel verdict panel-${shownState}`} aria-label={t('overview.verdict')}>
      <div className={`verdict-icon state-${shownState}`}><Icon size={30} stroke={1.8} aria-hidden="true" /></div>
      <div>
        <Title order={2}>{overview.protected === overview.total ? t('overview.allProtected', { count: overview.total }) : t('overview.someProtected', { count: overview.total, safe: overview.protected })}</Title>
        <Text className="quiet">{worst === undefined ? overview.unseen > 0 ? t('overview.unseen', { count: overview.unseen }) : t('overview.calm') : <><b><Name>{worst.name}</Name>:</b> <bdi>{statusText(t, i18n.language, worst, now)}</bdi></>}</Text>
      </div>
      <Text size="xs" className="quiet">{t('overview.judged')} <Instant at={overview.judgedAt} /></Text>
    </section>
  )
}

/** What of the server itself, and of those that it tells, does not work: nobody would hear of a failure. */
function Reporting({ reporting }: { readonly reporting: OverviewData['reporting'] }): ReactElement | null {
  const { t } = useTranslation()
  const broken = reporting.filter(({ state }) => state === 'failed')
  if (broken.length === 0) return null
  return (
    <Alert color="yellow" title={t('overview.reporting', { count: broken.length })} role="status">
      {broken.map(({ name, text }) => <Text key={name} size="sm"><b><Name>{name}</Name></b>: <bdi lang="en">{text}</bdi></Text>)}
    </Alert>
  )
}

const Card = memo(function Card({ app }: { readonly app: AppCard }): ReactElement {
  const { t, i18n } = useTranslation()
  const locale = useLocale()
  const now = useNow()
  const report = useRunReport(app.running?.run)
  const isOperator = useCan('operator')
  const href = `/apps/${encodeURIComponent(app.name)}`
  const resting = restingState(app.status)
  return (
    <article className={`panel panel-${resting}`} aria-labelledby={`app-${app.name}`}>
      <Stack gap="md" h="100%">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Title order={2} size="h3" id={`app-${app.name}`}><Link href={href} className="plain-link"><Name>{app.name}</Name></Link></Title>
            <Text size="xs" className="quiet" truncate><Name mono>{app.root}</Name></Text>
          </div>
          <StateMark state={app.status.state} />
        </Group>
        {resting === 'ok' ? null : <Text size="sm"><bdi>{statusText(t, i18n.language, app, now)}</bdi></Text>}
        {app.running === undefined ? app.queued ? <Text size="sm" className="quiet">{t('overview.queued')}</Text> : null : (
          <div>
            {report === undefined ? <Text size="sm" fw={600}>{t(`kind.${app.running.kind}`)} · <Instant at={app.running.startedAt} /></Text> : <RunProgress report={report} compact />}
            {isOperator ? <Text size="xs"><Link href={`${href}/runs/${app.running.run}`}>{t('run.watch')}</Link></Text> : null}
          </div>
        )}
        <dl className="facts">
          <div><dt>{t('fact.verifiedPoint')}</dt><dd>{app.verifiedPointAt === undefined ? t('fact.none') : <Instant at={app.verifiedPointAt} />}</dd></div>
          <div><dt>{t('fact.size')}</dt><dd>{app.newest === undefined ? '–' : <Bytes value={app.newest.sizeBytes} />}</dd></div>
          <div><dt>{t('fact.nextRun')}</dt><dd>{app.schedule === undefined ? t('fact.noSchedule') : app.schedule.next === undefined ? <bdi>{app.schedule.text}</bdi> : <Instant at={app.schedule.next} />}</dd></div>
        </dl>
        <div>
          <Text size="xs" className="quiet" mb={4}>{t('days.label')}</Text>
          <DayStrip days={app.days} />
        </div>
        {app.sizes.length < 2 ? null : <div><Text size="xs" className="quiet">{t('fact.sizes')}</Text><SizeChart sizes={app.sizes} /></div>}
        <DestinationList destinations={app.destinations} />
        <Group gap="xs" mt="auto" pt={4}>
          {isOperator ? <BackupButton app={app} /> : null}
          {isOperator && app.points > 0 ? <Button component={Link} href={`${href}/restore`} size="xs" variant="default" leftSection={<IconHistory size={16} aria-hidden="true" />} aria-label={`${t('restore.action')}: ${app.name}`}>{t('restore.action')}</Button> : null}
          <Button component={Link} href={href} size="xs" variant="subtle" ml="auto">{t('overview.points', { count: app.points, number: app.points.toLocaleString(locale) })}</Button>
        </Group>
      </Stack>
    </article>
  )
})

function Loading(): ReactElement {
  const { t } = useTranslation()
  return (
    <Stack aria-busy="true" role="status" aria-label={t('loading')}>
      <Skeleton h={34} w={180} />
      <Skeleton h={92} radius="lg" />
      <div className="cards">{[1, 2, 3].map((key) => <Skeleton key={key} h={380} radius="lg" />)}</div>
    </Stack>
  )
}
