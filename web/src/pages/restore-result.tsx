import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useTicket } from '../api/queries.ts'
import { CommandLine } from '../components/command-line.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { RestoreBanner } from '../components/restore-banner.tsx'
import { OutcomeMark, TicketProblem } from '../components/ticket-problem.tsx'
import { UndoElsewhere } from '../components/undo-elsewhere.tsx'
import { RunView } from './run-view.tsx'

/** The restore as it goes on, how it ended, and how it is undone. */
export function RestoreResult({ app, ticket: id, onAgain }: { readonly app: string; readonly ticket: string; readonly onAgain: () => void }): ReactElement {
  const { t } = useTranslation()
  const { data: ticket, error } = useTicket(id)
  if (ticket === undefined) return error === null ? <Loader aria-label={t('loading')} /> : <ProblemAlert problem={error} />
  const isGood = ticket.state === 'ended' && (ticket.outcome === 'ok' || ticket.outcome === 'partial')
  return (
    <Stack gap="md">
      {ticket.error?.code === 'restore.plan-changed' ? (
        <Alert color="yellow" title={t('restore.changed')} role="alert">
          <Text size="sm" mb="sm">{t('restore.changedText')}</Text>
          <Button size="xs" onClick={onAgain}>{t('restore.planAgain')}</Button>
        </Alert>
      ) : ticket.state === 'ended' && ticket.outcome !== undefined ? (
        <div className="panel" role="status">
          <Stack gap="sm">
            <Group><OutcomeMark outcome={ticket.outcome} /><Text fw={600}>{isGood ? t('restore.done') : t('restore.notDone')}</Text></Group>
            <Text size="sm">{isGood ? ticket.elsewhere === undefined ? t('restore.doneHint') : t('restore.doneElsewhere') : t('restore.notDoneHint')}</Text>
            <Group><Button component={Link} href={`/apps/${encodeURIComponent(app)}`} variant="light">{t('work.toApp')}</Button></Group>
          </Stack>
        </div>
      ) : null}
      {ticket.run === undefined && ticket.error?.code !== 'restore.plan-changed' ? <TicketProblem ticket={ticket} /> : null}
      {ticket.elsewhere === undefined ? ticket.state === 'ended' ? <RestoreBanner app={app} /> : null : isGood ? <UndoElsewhere ticket={ticket} elsewhere={ticket.elsewhere} /> : null}
      {ticket.run === undefined ? ticket.state === 'ended' ? null : <div className="panel" role="status"><Group><Loader size="sm" aria-hidden="true" /><Text>{ticket.state === 'queued' ? t('work.queued') : t('work.starting')}</Text></Group></div> : <RunView app={ticket.runApp ?? app} run={ticket.run} />}
      <CommandLine command={ticket.command} />
    </Stack>
  )
}
