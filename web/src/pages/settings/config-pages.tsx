import { Button, Group, Text } from '@mantine/core'
import { IconBell, IconFolderCheck, IconPackages, IconServer } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { TestPlace } from '../../../../src/model/api/settings.ts'
import { post } from '../../api/request.ts'
import { Bytes } from '../../components/bytes.tsx'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { StateMark } from '../../components/state-mark.tsx'
import type { JsonObject } from '../../format/json-value.ts'
import { ConfigRecord } from './config-record.tsx'
import { ConfigSection } from './config-section.tsx'
import { NotifierHealth } from './notifier-health.tsx'

export function Applications(): ReactElement {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle name={t('settings.applications')} title={t('settings.applications')} below={t('settings.applicationsText')} actions={<Button component={Link} href="/welcome" variant="default">{t('welcome.title')}</Button>} />
      <ConfigRecord section="apps" icon={<IconPackages />} basics={['root', 'schedule', 'vaults', 'keep', 'expect', 'parts']} first={{ root: '' }} />
    </>
  )
}

export function Destinations(): ReactElement {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle name={t('settings.destinations')} title={t('settings.destinations')} below={t('settings.destinationsText')} />
      <ConfigRecord section="vaults" icon={<IconServer />} basics={['place', 'format', 'password']} first={{ type: 'archive', place: '' }} extra={(_, value) => <PlaceTest value={value} />} />
    </>
  )
}

/** Writes a file there and removes it again, on the server. */
function PlaceTest({ value }: { readonly value: JsonObject }): ReactElement {
  const { t } = useTranslation()
  const place = typeof value['place'] === 'string' ? value['place'] : ''
  const test = useMutation({ mutationFn: async () => await post<TestPlace>('api/config/test-place', { place }) })
  return (
    <div>
      <Button size="xs" variant="default" leftSection={<IconFolderCheck size={16} aria-hidden="true" />} disabled={place === ''} loading={test.isPending} onClick={() => test.mutate()}>{t('destination.test')}</Button>
      <div role="status">
        {test.data === undefined ? null : <Group gap="xs" mt="xs"><StateMark state={test.data.ok ? 'ok' : 'failed'} label={t(test.data.ok ? 'place.ok' : 'place.failed')} /><Text size="sm" lang="en"><Name>{test.data.text}</Name></Text>{test.data.freeBytes === undefined ? null : <Text size="sm" className="quiet">{t('destination.free')} <Bytes value={test.data.freeBytes} /></Text>}</Group>}
      </div>
      <ProblemAlert problem={test.error} />
    </div>
  )
}

export function Notifications(): ReactElement {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle name={t('settings.notifications')} title={t('settings.notifications')} below={t('settings.notificationsText')} />
      <ConfigRecord section="notify" icon={<IconBell />} first={{ type: 'ntfy' }} extra={(name, _, isSaved) => isSaved ? <NotifierHealth name={name} /> : null} />
      <ConfigSection section="mqtt" tested="mqtt" />
      <ConfigSection section="statusFile" />
    </>
  )
}
