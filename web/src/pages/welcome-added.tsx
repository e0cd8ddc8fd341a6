import { Button, Group, Stack, Text } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useApp, useWork } from '../api/queries.ts'
import { pathOf } from '../api/request.ts'
import { DestinationList } from '../components/destination-list.tsx'
import { Instant } from '../components/instant.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'

/** What was added, when its first backup is made, and that it is not protected before. */
export function WelcomeAdded({ names, isDaily }: { readonly names: readonly string[]; readonly isDaily: boolean }): ReactElement {
  const { t } = useTranslation()
  const title = t('welcome.added', { count: names.length })
  return (
    <>
      <PageTitle name={title} title={title} below={t('welcome.addedText')} />
      <Stack gap="md">
        {names.map((name) => <Added key={name} name={name} isDaily={isDaily} />)}
        <Group justify="flex-end"><Button component={Link} href="/" variant="default">{t('welcome.done')}</Button></Group>
      </Stack>
    </>
  )
}

function Added({ name, isDaily }: { readonly name: string; readonly isDaily: boolean }): ReactElement {
  const { t } = useTranslation()
  const { app } = useApp(name)
  const work = useWork(() => ({ path: pathOf`api/apps/${name}/backup`, body: { scope: 'full' } }))
  const next = app?.schedule?.next
  return (
    <article className="panel">
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start">
          <div style={{ minWidth: 0 }}>
            <Link href={`/apps/${encodeURIComponent(name)}`} className="plain-link"><b><Name>{name}</Name></b></Link>
            <Text size="sm">{isDaily ? <>{t('welcome.daily')} {next === undefined ? '…' : <Instant at={next} shown="both" />}</> : t('welcome.unscheduled')}</Text>
          </div>
          {work.data === undefined
            ? <Button size="xs" leftSection={<IconPlayerPlay size={16} aria-hidden="true" />} loading={work.isPending} disabled={app?.running !== undefined || app?.queued === true} onClick={() => work.mutate(undefined)} aria-label={`${t('welcome.backUpNow')}: ${name}`}>{t('welcome.backUpNow')}</Button>
            : <Button size="xs" variant="default" component={Link} href={`/work/${work.data.ticket}`} aria-label={`${t('run.watch')}: ${name}`}>{t('run.watch')}</Button>}
        </Group>
        {app === undefined ? null : <DestinationList destinations={app.destinations} full />}
        <ProblemAlert problem={work.error} />
      </Stack>
    </article>
  )
}
