import { Button, Checkbox, Group, Modal, Radio, Stack, Text } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import type { AppCard } from '../../../src/model/api/overview.ts'
import type { Scope } from '../../../src/model/restore-point.ts'
import { useWork } from '../api/queries.ts'
import { pathOf } from '../api/request.ts'
import { CommandLine } from './command-line.tsx'
import { Name } from './name.tsx'
import { ProblemAlert } from './problem-alert.tsx'

/** Create backup: asks how much of the application, then shows the work. */
export function BackupButton({ app, primary = false }: { readonly app: AppCard; readonly primary?: boolean }): ReactElement {
  const { t } = useTranslation()
  const [isOpen, setOpen] = useState(false)
  const isBusy = app.running !== undefined || app.queued
  return (
    <>
      <Button size={primary ? 'sm' : 'xs'} variant={primary ? 'filled' : 'light'} leftSection={<IconPlayerPlay size={16} aria-hidden="true" />} onClick={() => setOpen(true)} disabled={isBusy} aria-label={`${t('backup.action')}: ${app.name}`}>{t('backup.action')}</Button>
      {isOpen ? <BackupDialog app={app} onClose={() => setOpen(false)} /> : null}
    </>
  )
}

function BackupDialog({ app, onClose }: { readonly app: AppCard; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const [scope, setScope] = useState<Scope>('full')
  const [without, setWithout] = useState<readonly string[]>(app.parts)
  const work = useWork(() => ({ path: pathOf`api/apps/${app.name}/backup`, body: { scope, ...(scope === 'partial' ? { without } : {}) } }))
  const words = scope === 'database' ? ' --database-only' : scope === 'partial' && without.length > 0 ? ` --without ${without.join(' ')}` : scope === 'full' ? ' --full' : ''
  return (
    <Modal opened onClose={onClose} title={<>{t('backup.title')} <Name>{app.name}</Name></>} closeButtonProps={{ 'aria-label': t('action.close') }}>
      <Stack gap="md">
        <Radio.Group value={scope} onChange={(value) => setScope(value as Scope)} label={t('backup.what')}>
          <Stack gap="sm" mt="xs">
            <Radio value="full" label={t('scope.full')} description={t('backup.fullHint')} data-autofocus />
            {app.parts.length === 0 ? null : <Radio value="partial" label={t('scope.partial')} description={t('backup.partialHint')} />}
            {app.noDatabases === true ? null : <Radio value="database" label={t('scope.database')} description={t('backup.databaseHint')} />}
          </Stack>
        </Radio.Group>
        {scope === 'partial' ? (
          <Checkbox.Group label={t('backup.without')} value={[...without]} onChange={setWithout}>
            <Group mt="xs">{app.parts.map((part) => <Checkbox key={part} value={part} label={part} />)}</Group>
          </Checkbox.Group>
        ) : null}
        {scope === 'full' ? null : <Text size="sm" className="quiet">{t('backup.notCounted')}</Text>}
        <CommandLine args={`backup ${app.name}${words}`} />
        <ProblemAlert problem={work.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>{t('action.cancel')}</Button>
          <Button loading={work.isPending} disabled={scope === 'partial' && without.length === 0} onClick={() => work.mutate(undefined, { onSuccess: ({ ticket }) => navigate(`/work/${ticket}`) })}>{t('backup.start')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
