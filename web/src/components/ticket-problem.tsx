import { Alert } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { TicketState } from '../../../src/model/api/runs.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { StateMark } from './state-mark.tsx'
import type { ShownState } from './state-mark.tsx'

const stateOf = { ok: 'ok', partial: 'warning', failed: 'failed', interrupted: 'failed' } as const satisfies Record<NonNullable<TicketState['outcome']>, ShownState>

export function OutcomeMark({ outcome }: { readonly outcome: NonNullable<TicketState['outcome']> }): ReactElement {
  const { t } = useTranslation()
  return <StateMark state={stateOf[outcome]} label={t(`outcome.${outcome}`)} />
}

/** How work that was asked for has ended, where that is not well. */
export function TicketProblem({ ticket }: { readonly ticket: TicketState }): ReactElement | null {
  const { t } = useTranslation()
  if (ticket.error !== undefined) return <ProblemAlert problem={ticket.error} />
  if (ticket.outcome === 'failed' || ticket.outcome === 'interrupted') return <Alert color="red" title={t(`outcome.${ticket.outcome}`)} role="alert">{t('work.noReason')}</Alert>
  return null
}
