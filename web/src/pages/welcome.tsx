import { Alert, Button, Checkbox, Group, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core'
import { IconSearchOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import type { Discovered } from '../../../src/model/api/settings.ts'
import { get } from '../api/request.ts'
import { useConfig, usePatchConfig, valuesOf } from '../api/use-config.ts'
import { Blank } from '../components/blank.tsx'
import { CommandLine } from '../components/command-line.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { addApplications } from '../format/add-applications.ts'
import { isObject } from '../format/json-value.ts'

/** Finds applications on this machine and adds those that are chosen to the configuration. */
export function Welcome(): ReactElement {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const config = useConfig()
  const found = useQuery({ queryKey: ['discover'], queryFn: ({ signal }) => get<readonly Discovered[]>('api/discover', signal), staleTime: 0 })
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [own, setOwn] = useState('')
  const [schedule, setSchedule] = useState(true)
  const patch = usePatchConfig()
  const list = found.data ?? []
  const chosen = list.filter(({ root }) => !left.has(root))
  const apps = config.data === undefined ? undefined : valuesOf(config.data.text)['apps']
  const changes = addApplications(chosen, own.trim(), schedule, isObject(apps) ? Object.keys(apps) : [])
  const isBad = own.trim() !== '' && !own.trim().startsWith('/')
  return (
    <>
      <PageTitle name={t('welcome.title')} title={t('welcome.title')} below={t('welcome.text')} />
      <form onSubmit={(event) => {
        event.preventDefault()
        if (config.data !== undefined && changes.length > 0 && !isBad) patch.mutate({ etag: config.data.etag, changes }, { onSuccess: () => navigate('/') })
      }}
      >
        <Stack gap="md">
          <ProblemAlert problem={found.error ?? config.error} onRetry={() => void found.refetch()} />
          {config.data?.writable === false ? <Alert color="yellow">{t('form.readOnly', { file: config.data.file })}</Alert> : null}
          {found.isPending ? <Skeleton h={140} radius="lg" role="status" aria-label={t('loading')} /> : list.length === 0 ? <div className="panel"><Blank icon={<IconSearchOff />} title={t('welcome.none')}>{t('welcome.noneText')}</Blank></div> : (
            <section className="panel" aria-labelledby="found-title">
              <Title order={2} id="found-title" mb="sm">{t('welcome.found', { count: list.length })}</Title>
              <Stack gap="sm">
                {list.map(({ root, name, preset, databases }) => (
                  <Checkbox
                    key={root} checked={!left.has(root)} label={<><b><Name>{name}</Name></b> <Text span size="sm" className="quiet">{preset}{databases.length === 0 ? '' : ` · ${databases.join(', ')}`}</Text></>} description={<Name mono>{root}</Name>}
                    onChange={({ currentTarget }) => setLeft((before) => {
                      const next = new Set(before)
                      if (currentTarget.checked) next.delete(root)
                      else next.add(root)
                      return next
                    })}
                  />
                ))}
              </Stack>
            </section>
          )}
          <div className="panel">
            <Stack gap="md">
              <TextInput label={t('welcome.own')} description={t('welcome.ownHint')} placeholder="/srv/my-app" value={own} onChange={({ currentTarget }) => setOwn(currentTarget.value)} error={isBad ? t('restore.folderWhole') : undefined} spellCheck={false} />
              <Checkbox checked={schedule} onChange={({ currentTarget }) => setSchedule(currentTarget.checked)} label={t('welcome.schedule')} description={t('welcome.scheduleHint')} />
            </Stack>
          </div>
          <ProblemAlert problem={patch.error} />
          <Group justify="space-between">
            <Button component={Link} href="/" variant="default">{t('welcome.later')}</Button>
            <Button type="submit" loading={patch.isPending} disabled={changes.length === 0 || isBad || config.data === undefined || !config.data.writable}>{t('welcome.add', { count: chosen.length + (own.trim() === '' ? 0 : 1) })}</Button>
          </Group>
          <CommandLine args={`init ${own.trim() === '' ? '…' : own.trim()}`} />
        </Stack>
      </form>
    </>
  )
}
