import { ActionIcon, Button, Group, Menu, Stack, Text } from '@mantine/core'
import { IconArrowsDiff, IconDotsVertical, IconDownload, IconFolderOpen, IconHistory, IconShieldCheck, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useLocation } from 'wouter'
import type { Point } from '../../../src/model/api/overview.ts'
import { useWork } from '../api/queries.ts'
import { pathOf, serverUrl } from '../api/request.ts'
import { formatDateTime } from '../format/date-time.ts'
import { Bytes } from './bytes.tsx'
import { CommandLine } from './command-line.tsx'
import { Instant } from './instant.tsx'
import { Copies } from './point-facts.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { TypedConfirm } from './typed-confirm.tsx'
import { useCan } from './use-can.ts'
import { useLocale } from './use-locale.ts'

/** All that can be done with one restore point. */
export function PointMenu({ point }: { readonly point: Point }): ReactElement | null {
  const { t } = useTranslation()
  const locale = useLocale()
  const [, navigate] = useLocation()
  const [isDeleting, setDeleting] = useState(false)
  const isOperator = useCan('operator')
  const isAdmin = useCan('admin')
  const verify = useWork(() => ({ path: pathOf`api/apps/${point.app}/points/${point.id}/verify` }))
  if (!isOperator) return null
  const href = `/apps/${encodeURIComponent(point.app)}/points/${point.id}`
  const when = formatDateTime(point.startedAt, locale)
  return (
    <Group gap={6} wrap="nowrap">
      <Button component={Link} href={href} size="xs" px="xs" variant="default" leftSection={<IconFolderOpen size={16} aria-hidden="true" />} aria-label={`${t('point.browse')}: ${when}`}>{t('point.browse')}</Button>
      <Button component={Link} href={`/apps/${encodeURIComponent(point.app)}/restore?point=${point.id}`} size="xs" px="xs" variant="light" leftSection={<IconHistory size={16} aria-hidden="true" />} aria-label={`${t('restore.action')}: ${when}`}>{t('restore.action')}</Button>
      <Menu position="bottom-end" width={230}>
        <Menu.Target><ActionIcon variant="default" size={30} aria-label={t('point.more', { when })}><IconDotsVertical size={16} aria-hidden="true" /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component="a" href={serverUrl(pathOf`api/apps/${point.app}/points/${point.id}/download`)} download leftSection={<IconDownload size={16} aria-hidden="true" />}>{t('point.download')} (<Bytes value={point.sizeBytes} />)</Menu.Item>
          <Menu.Item component={Link} href={`${href}/compare`} leftSection={<IconArrowsDiff size={16} aria-hidden="true" />}>{t('point.compare')}</Menu.Item>
          <Menu.Item leftSection={<IconShieldCheck size={16} aria-hidden="true" />} onClick={() => verify.mutate(undefined, { onSuccess: ({ ticket }) => navigate(`/work/${ticket}`) })}>{t('point.verify')}</Menu.Item>
          {isAdmin ? (
            <>
              <Menu.Divider />
              <Menu.Item c="var(--state-failed)" leftSection={<IconTrash size={16} aria-hidden="true" />} onClick={() => setDeleting(true)}>{t('point.delete')}</Menu.Item>
            </>
          ) : null}
        </Menu.Dropdown>
      </Menu>
      {verify.error === null ? null : <ProblemAlert problem={verify.error} />}
      {isDeleting ? <DeletePoint point={point} onClose={() => setDeleting(false)} /> : null}
    </Group>
  )
}

function DeletePoint({ point, onClose }: { readonly point: Point; readonly onClose: () => void }): ReactElement {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const remove = useWork(() => ({ method: 'DELETE', path: pathOf`api/apps/${point.app}/points/${point.id}`, body: { confirm: point.app } }))
  return (
    <TypedConfirm
      title={t('point.deleteTitle')} word={point.app} action={t('point.deleteAction')} isBusy={remove.isPending} problem={remove.error} onClose={onClose}
      onConfirm={() => remove.mutate(undefined, { onSuccess: ({ ticket }) => navigate(`/work/${ticket}`) })}
    >
      <Stack gap="sm">
        <Text>{t('point.deleteText')}</Text>
        <Text><b><Instant at={point.startedAt} shown="both" /></b> · <Bytes value={point.sizeBytes} /> · <Copies copies={point.copies} /></Text>
        <CommandLine command={point.commands.remove} />
      </Stack>
    </TypedConfirm>
  )
}
