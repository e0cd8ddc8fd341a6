import { Alert, Button, Text } from '@mantine/core'
import { IconArrowBackUp } from '@tabler/icons-react'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import type { TicketState } from '../../../src/model/api/runs.ts'
import { useWork } from '../api/queries.ts'
import { pathOf } from '../api/request.ts'
import { CommandLine } from './command-line.tsx'
import { Name } from './name.tsx'
import { TypedConfirm } from './typed-confirm.tsx'
import { useCan } from './use-can.ts'

/** A restore into another folder than the application's own is undone there. */
export function UndoElsewhere({ ticket: { app, ticket }, elsewhere }: { readonly ticket: TicketState; readonly elsewhere: NonNullable<TicketState['elsewhere']> }): ReactElement {
  const { t } = useTranslation()
  const [, navigate] = useLocation()
  const [isOpen, setOpen] = useState(false)
  const isAdmin = useCan('admin')
  const work = useWork(() => ({ path: pathOf`api/apps/${app}/restore/undo/${ticket}` }))
  return (
    <Alert color="kelp" role="status" icon={<IconArrowBackUp aria-hidden="true" />} title={t('undo.elsewhere')}>
      <Text size="sm" mb="sm">{t('undo.elsewhereText')} <Name mono>{elsewhere.folder}</Name></Text>
      {isAdmin ? <Button size="xs" variant="default" mb="sm" onClick={() => setOpen(true)}>{t('undo.action')}</Button> : null}
      <CommandLine command={elsewhere.undo} />
      {isOpen ? (
        <TypedConfirm
          title={t('work.undo')} word={app} action={t('work.undo')} isBusy={work.isPending} problem={work.error} onClose={() => setOpen(false)}
          onConfirm={() => work.mutate(undefined, { onSuccess: ({ ticket: undoing }) => navigate(`/work/${undoing}`) })}
        >
          <Text>{t('ask.undoElsewhere')} <Name mono>{elsewhere.folder}</Name></Text>
          <CommandLine command={elsewhere.undo} />
        </TypedConfirm>
      ) : null}
    </Alert>
  )
}
