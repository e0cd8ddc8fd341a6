import { Alert, Button, Checkbox, Group, Loader, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard } from '../../../src/model/api/overview.ts'
import type { RestorePlan } from '../../../src/model/api/restore.ts'
import { useTicket, useWork } from '../api/queries.ts'
import { pathOf } from '../api/request.ts'
import { Bytes } from '../components/bytes.tsx'
import { CommandLine } from '../components/command-line.tsx'
import { Name } from '../components/name.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { TicketProblem } from '../components/ticket-problem.tsx'
import { UploadFacts } from '../components/upload-facts.tsx'
import { ConfirmField } from '../components/typed-confirm.tsx'
import { useLocale } from '../components/use-locale.ts'
import { requestOf } from '../format/restore-draft.ts'
import type { RestoreDraft } from '../format/restore-draft.ts'

type Props = { readonly app: AppCard; readonly draft: RestoreDraft; readonly onChange: (changed: Partial<RestoreDraft>) => void; readonly onBack: () => void; readonly onStarted: (ticket: string) => void }

/** What would be written, overwritten and deleted; nothing has been touched yet. */
export function RestorePlanStep({ app, draft, onChange, onBack, onStarted }: Props): ReactElement {
  const { t } = useTranslation()
  const planning = useWork(() => ({ path: pathOf`api/apps/${app.name}/restore/plan`, body: requestOf(draft) }))
  const restore = useWork((confirmed: { readonly confirm: string; readonly plan: string }) => ({ path: pathOf`api/apps/${app.name}/restore`, body: requestOf(draft, confirmed) }))
  const asked = useRef(false)
  const [typed, setTyped] = useState('')
  const { data: ticket, error } = useTicket(planning.data?.ticket)
  const { mutate } = planning
  useEffect(() => {
    // Strict mode runs effects twice; a plan is made once.
    if (asked.current) return
    asked.current = true
    mutate(undefined)
  }, [mutate])
  const plan = ticket?.state === 'ended' && ticket.error === undefined && ticket.result !== undefined ? ticket.result as RestorePlan : undefined
  const { upload } = draft
  const mayStart = plan !== undefined && typed === plan.confirm && (upload?.about?.isOther !== true || draft.isOtherMeant)
  return (
    <form onSubmit={(event) => {
      event.preventDefault()
      if (mayStart) restore.mutate({ confirm: typed, plan: plan.digest }, { onSuccess: ({ ticket: started }) => onStarted(started) })
    }}
    >
      <Stack gap="md">
        <ProblemAlert problem={planning.error ?? error} onRetry={() => mutate(undefined)} />
        {ticket === undefined ? null : <TicketProblem ticket={ticket} />}
        {plan === undefined ? planning.error === null && ticket?.state !== 'ended' ? <div className="panel" role="status"><Group><Loader size="sm" aria-hidden="true" /><Text>{t('restore.planning')}</Text></Group></div> : null : (
          <>
            {upload === undefined ? null : (
              <UploadFacts app={app.name} upload={upload}>
                <Checkbox mt="sm" checked={draft.isOtherMeant} onChange={({ currentTarget }) => onChange({ isOtherMeant: currentTarget.checked })} label={t('upload.otherMeant', { other: upload.about?.app ?? '', app: app.name })} />
              </UploadFacts>
            )}
            <PlanView plan={plan} isElsewhere={plan.target !== app.root} />
            <div className="panel">
              <Stack gap="md">
                <Text>{plan.deleted + plan.overwritten > 0 || plan.databases.length > 0 ? t('restore.warnReplace') : t('restore.warnNew')}</Text>
                <ConfirmField word={plan.confirm} value={typed} onChange={setTyped} />
                <CommandLine command={plan.command} />
                <ProblemAlert problem={restore.error} />
              </Stack>
            </div>
          </>
        )}
        <Group justify="space-between">
          <Button variant="default" onClick={onBack}>{t('action.back')}</Button>
          <Button type="submit" color="red" disabled={!mayStart} loading={restore.isPending}>{t('restore.start')}</Button>
        </Group>
      </Stack>
    </form>
  )
}

/** `isElsewhere`: not into the application's own folder, so that what is deleted there is somebody else's. */
function PlanView({ plan, isElsewhere }: { readonly plan: RestorePlan; readonly isElsewhere: boolean }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const number = (value: number): string => new Intl.NumberFormat(locale).format(value)
  return (
    <section className="panel" aria-labelledby="plan-title">
      <Stack gap="md">
        <div>
          <Title order={2} id="plan-title">{t('restore.planTitle')}</Title>
          <Text size="sm" className="quiet">{t('restore.planText')} <Name mono>{plan.target}</Name></Text>
        </div>
        {plan.touches.map(({ name, root, how }) => <Alert key={name} color="red" role="alert" icon={<IconAlertTriangle aria-hidden="true" />} title={t(`plan.touches.${how}`, { name })}>{t('plan.touchesText', { name, root })}</Alert>)}
        {isElsewhere && plan.deleted > 0 ? <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden="true" />}>{t('plan.deletedThere', { count: plan.deleted })}</Alert> : null}
        <div className="counts">
          <div className="count"><strong>{number(plan.written)}</strong>{t('plan.written', { count: plan.written })}</div>
          <div className={`count${plan.overwritten > 0 ? ' count-warning' : ''}`}><strong>{number(plan.overwritten)}</strong>{t('plan.overwritten', { count: plan.overwritten })}</div>
          <div className={`count${plan.deleted > 0 ? ' count-failed' : ''}`}><strong>{number(plan.deleted)}</strong>{t('plan.deleted', { count: plan.deleted })}</div>
          <div className="count"><strong>{number(plan.alike)}</strong>{t('plan.alike', { count: plan.alike })}</div>
          <div className="count"><strong><Bytes value={plan.contentBytes} /></strong>{t('plan.bytes')}</div>
        </div>
        {plan.databases.length === 0 ? null : <Alert color="yellow" title={t('plan.databases', { count: plan.databases.length })}>{plan.databases.map((name) => <Text key={name} size="sm"><Name>{name}</Name></Text>)}</Alert>}
        <DatabaseFiles color="yellow" title={t('plan.databaseFilesOver', { count: plan.databaseFiles.overwritten.length })} names={plan.databaseFiles.overwritten} />
        <DatabaseFiles color="red" title={t('plan.databaseFilesGone', { count: plan.databaseFiles.deleted.length })} names={plan.databaseFiles.deleted} />
        <Samples title={t('plan.deletedNames')} names={plan.samples.deleted} all={plan.deleted} isOpen />
        <Samples title={t('plan.overwrittenNames')} names={plan.samples.overwritten} all={plan.overwritten} />
        <Samples title={t('plan.writtenNames')} names={plan.samples.written} all={plan.written} />
      </Stack>
    </section>
  )
}

function DatabaseFiles({ color, title, names }: { readonly color: string; readonly title: string; readonly names: readonly string[] }): ReactElement | null {
  return names.length === 0 ? null : <Alert color={color} title={title}>{names.slice(0, namesShown).map((name) => <Text key={name} size="sm"><Name mono>{name}</Name></Text>)}</Alert>
}

/** So many are shown before somebody asks for more. */
const namesShown = 20

function Samples({ title, names, all, isOpen = false }: { readonly title: string; readonly names: readonly string[]; readonly all: number; readonly isOpen?: boolean }): ReactElement | null {
  const { t } = useTranslation()
  const [isWhole, setWhole] = useState(false)
  if (names.length === 0) return null
  const shown = isWhole ? names : names.slice(0, namesShown)
  return (
    <details open={isOpen}>
      <summary>{title}</summary>
      <ul className="samples">{shown.map((name) => <li key={name}><Name mono>{name}</Name></li>)}</ul>
      {names.length > shown.length ? <Button size="compact-xs" variant="subtle" mt={4} onClick={() => setWhole(true)}>{t('plan.showMore', { count: all - shown.length })}</Button> : null}
      {isWhole === (names.length > namesShown) && all > names.length ? <Text size="sm" className="quiet" mt={4}>{t('plan.more', { count: all - names.length })}</Text> : null}
    </details>
  )
}
