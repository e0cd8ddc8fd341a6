import { Button, Group, Text } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useOverview } from '../../api/queries.ts'
import { pathOf, request } from '../../api/request.ts'
import { Instant } from '../../components/instant.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { StateMark } from '../../components/state-mark.tsx'

/** Whether the last notice went out, and a button that sends one. */
export function NotifierHealth({ name }: { readonly name: string }): ReactElement {
  const { t } = useTranslation()
  const { data } = useOverview()
  const health = data?.reporting.find((one) => one.name === name || one.name === `notify.${name}`)
  const test = useMutation({ mutationFn: async () => await request('POST', pathOf`api/notify/${name}/test`, { body: {} }) })
  return (
    <div>
      <Group gap="sm">
        <Button size="xs" variant="default" leftSection={<IconSend size={16} aria-hidden="true" />} loading={test.isPending} onClick={() => test.mutate()}>{t('notify.test')}</Button>
        {health === undefined ? null : <><StateMark state={health.state} label={t(`place.${health.state}`)} /><Text size="sm"><bdi lang="en">{health.text}</bdi> {health.at === undefined ? null : <span className="quiet"><Instant at={health.at} /></span>}</Text></>}
      </Group>
      <div role="status">{test.isSuccess ? <Text size="sm" mt={4}>{t('notify.sent')}</Text> : null}</div>
      <ProblemAlert problem={test.error} />
    </div>
  )
}
