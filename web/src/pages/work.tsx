import { Button, Group, Loader, Stack, Text } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useTicket } from '../api/queries.ts'
import { CommandLine } from '../components/command-line.tsx'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { OutcomeMark, TicketProblem } from '../components/ticket-problem.tsx'
import { RunView } from './run-view.tsx'

/** What was asked for: it waits, runs, and ends. */
export function Work({ ticket: id }: { readonly ticket: string }): ReactElement {
  const { t } = useTranslation()
  const { data: ticket, error, refetch } = useTicket(id)
  if (ticket === undefined) return error === null ? <Loader aria-label={t('loading')} /> : <ProblemAlert problem={error} onRetry={() => void refetch()} />
  const href = `/apps/${encodeURIComponent(ticket.app)}`
  const what = t(`work.${ticket.what}`)
  return (
    <>
      <PageTitle
        name={`${what}: ${ticket.app}`} title={<>{what}: <Name>{ticket.app}</Name></>}
        below={t('work.askedBy', { who: ticket.askedBy })}
        actions={<Button component={Link} href={href} variant="default">{t('work.toApp')}</Button>}
      />
      <Stack gap="md">
        {ticket.state === 'ended' && ticket.run === undefined ? (
          <div className="panel" role="status">
            {ticket.outcome === undefined ? null : <OutcomeMark outcome={ticket.outcome} />}
          </div>
        ) : null}
        {ticket.run === undefined ? <TicketProblem ticket={ticket} /> : null}
        {ticket.run === undefined ? ticket.state === 'ended' ? null : (
          <div className="panel" role="status"><Group><Loader size="sm" aria-hidden="true" /><Text>{ticket.state === 'queued' ? t('work.queued') : t('work.starting')}</Text></Group></div>
        ) : <RunView app={ticket.runApp ?? ticket.app} run={ticket.run} />}
        <CommandLine command={ticket.command} />
      </Stack>
    </>
  )
}
