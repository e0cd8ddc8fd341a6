import { Alert, Button, Group, Skeleton, Stack, Stepper } from '@mantine/core'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'wouter'
import { useApp } from '../api/queries.ts'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { RestoreBanner } from '../components/restore-banner.tsx'
import { useCan } from '../components/use-can.ts'
import { emptyDraft, isComplete } from '../format/restore-draft.ts'
import type { RestoreDraft } from '../format/restore-draft.ts'
import { RestorePlanStep } from './restore-plan.tsx'
import { RestoreResult } from './restore-result.tsx'
import { RestoreWhat } from './restore-what.tsx'
import { RestoreWhere } from './restore-where.tsx'

/** Brings an application, or a part of it, back: what, where, the plan, and only then the restore. */
export function Restore({ app: name }: { readonly app: string }): ReactElement {
  const { t } = useTranslation()
  const [search] = useSearchParams()
  const { app, error } = useApp(name)
  const isOperator = useCan('operator')
  const [step, setStep] = useState(0)
  const [ticket, setTicket] = useState<string>()
  const [draft, setDraft] = useState<RestoreDraft>(() => ({ ...emptyDraft, point: search.get('point') ?? '', paths: search.getAll('path'), what: search.has('path') ? 'files' : 'all' }))
  if (!isOperator) return <Alert color="yellow" title={t('restore.title')}>{t('restore.notAllowed')}</Alert>
  if (app === undefined) return error === null ? <Skeleton h={300} radius="lg" role="status" aria-label={t('loading')} /> : <ProblemAlert problem={error} />
  const change = (changed: Partial<RestoreDraft>): void => setDraft((before) => ({ ...before, ...changed }))
  const href = `/apps/${encodeURIComponent(name)}`
  return (
    <>
      <PageTitle name={`${t('restore.title')}: ${name}`} title={<>{t('restore.title')}: <Name>{name}</Name></>} below={t('restore.text')} actions={<Button component={Link} href={href} variant="default">{t('work.toApp')}</Button>} />
      <Stack gap="lg">
        {ticket === undefined ? <RestoreBanner app={name} /> : null}
        <Stepper active={step} onStepClick={(next) => ticket === undefined && next < step && setStep(next)} size="xs" allowNextStepsSelect={false} completedIcon={undefined}>
          <Stepper.Step label={t('restore.what')} allowStepSelect={ticket === undefined && step > 0} />
          <Stepper.Step label={t('restore.where')} allowStepSelect={ticket === undefined && step > 1} />
          <Stepper.Step label={t('restore.plan')} allowStepSelect={ticket === undefined && step > 2} />
          <Stepper.Step label={t('restore.run')} allowStepSelect={false} />
        </Stepper>
        {step === 0 ? <RestoreWhat app={app} draft={draft} fromUpload={search.get('from') === 'upload'} onChange={change} /> : null}
        {step === 1 ? <RestoreWhere app={app} draft={draft} onChange={change} /> : null}
        {step === 2 ? (
          <RestorePlanStep
            app={app} draft={draft} onChange={change} onBack={() => setStep(1)}
            onStarted={(started) => {
              setTicket(started)
              setStep(3)
            }}
          />
        ) : null}
        {step === 3 && ticket !== undefined ? (
          <RestoreResult
            app={name} ticket={ticket}
            onAgain={() => {
              setTicket(undefined)
              setStep(2)
            }}
          />
        ) : null}
        {step < 2 ? (
          <Group justify="space-between">
            {step === 0 ? <span /> : <Button variant="default" onClick={() => setStep(0)}>{t('action.back')}</Button>}
            <Button onClick={() => setStep(step + 1)} disabled={!isComplete(draft, step === 0 ? 'what' : 'where')}>{step === 0 ? t('action.continue') : t('restore.makePlan')}</Button>
          </Group>
        ) : null}
      </Stack>
    </>
  )
}
