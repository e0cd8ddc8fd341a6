import { Alert, Button, Group, Text } from '@mantine/core'
import { IconAlertTriangle, IconArrowBackUp } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { useRestoreState, useWork } from '../api/queries.ts'
import { pathOf } from '../api/request.ts'
import { CommandLine } from './command-line.tsx'
import { Instant } from './instant.tsx'
import { TypedConfirm } from './typed-confirm.tsx'
import { useCan } from './use-can.ts'

type How = 'resume' | 'rollback' | 'undo'

/** A restore that was cut off must be finished or rolled back; one that went through can be undone for a while. */
export function RestoreBanner({ app }: { readonly app: string }): ReactElement | null {
  const { t } = useTranslation()
  const isOperator = useCan('operator')
  const { data } = useRestoreState(app, isOperator)
  const [how, setHow] = useState<How>()
  if (data === undefined || data.unfinished === undefined && data.undo === undefined) return null
  return (
    <>
      {data.unfinished === undefined ? null : (
        <Alert color="red" icon={<IconAlertTriangle aria-hidden="true" />} title={t('unfinished.title')}>
          <Text size="sm" mb="sm">{t('unfinished.text')} <Instant at={data.unfinished.startedAt} shown="both" /></Text>
          <Group gap="xs">
            <Button size="xs" onClick={() => setHow('resume')}>{t('unfinished.resume')}</Button>
            <Button size="xs" variant="default" onClick={() => setHow('rollback')}>{t('unfinished.rollback')}</Button>
          </Group>
        </Alert>
      )}
      {data.undo === undefined ? null : (
        <Alert color="kelp" role="status" icon={<IconArrowBackUp aria-hidden="true" />} title={t('undo.title')}>
          <Text size="sm" mb="sm">{t('undo.text')} <Instant at={data.undo.startedAt} shown="both" /></Text>
          <Button size="xs" variant="default" onClick={() => setHow('undo')}>{t('undo.action')}</Button>
        </Alert>
      )}
      {how === undefined ? null : <Ask app={app} how={how} onClose={() => setHow(undefined)} />}
    </>
  )
}

function Ask({ app, how, onClose }: { readonly app: string; readonly how: How; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const work = useWork(() => ({ path: `${pathOf`api/apps/${app}/restore`}/${how}` }))
  return (
    <TypedConfirm
      title={t(`work.${how}`)} word={app} action={t(`work.${how}`)} isBusy={work.isPending} problem={work.error} onClose={onClose}
      onConfirm={() => work.mutate(undefined, { onSuccess: ({ ticket }) => navigate(`/work/${ticket}`) })}
    >
      <Text>{t(`ask.${how}`)}</Text>
      <CommandLine args={`restore ${app} --${how}`} />
    </TypedConfirm>
  )
}
