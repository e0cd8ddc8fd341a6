import { Alert, Anchor, Button, Group, Stack, Text, Title } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { RunEvent } from '../../../src/model/run-event.ts'
import type { RunReport } from '../../../src/model/run-report.ts'
import { pathOf, serverUrl } from '../api/request.ts'
import { useRunEvents } from '../api/use-run-events.ts'
import { Bytes, Count } from '../components/bytes.tsx'
import { Instant } from '../components/instant.tsx'
import { Name } from '../components/name.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { CancelRun, RunProgress } from '../components/run-progress.tsx'
import { OutcomeMark } from '../components/ticket-problem.tsx'
import { useCan } from '../components/use-can.ts'
import { useLocale } from '../components/use-locale.ts'
import { formatDuration } from '../format/duration.ts'
import { logLine } from '../format/log-line.ts'

/** One run: how far it is or how it ended, what came out of it, and its log. */
export function RunView({ app, run }: { readonly app: string; readonly run: string }): ReactElement {
  const { t } = useTranslation()
  const { report, lines, isLost, problem } = useRunEvents(app, run)
  const isOperator = useCan('operator')
  return (
    <Stack gap="md">
      <ProblemAlert problem={problem} />
      {isLost && report?.outcome === undefined ? <Alert color="yellow" role="status">{t('fresh.lost')}</Alert> : null}
      {report === undefined ? null : (
        <section className="panel" aria-label={t('run.state')}>
          {report.outcome === undefined ? (
            <Stack gap="md"><RunProgress report={report} />{isOperator ? <CancelRun app={app} run={run} /> : null}</Stack>
          ) : <Ended report={report} />}
        </section>
      )}
      {report?.error === undefined ? null : <ProblemAlert problem={report.error} />}
      {report === undefined ? null : <Remarks report={report} />}
      <section aria-labelledby="log-title">
        <Group justify="space-between" mb="xs">
          <Title order={2} id="log-title">{t('run.log')}</Title>
          <Group gap="xs">
            <Anchor size="sm" href={serverUrl(pathOf`api/apps/${app}/runs/${run}/log`)} target="_blank" rel="noopener">{t('run.logWhole')}</Anchor>
            <Button component="a" size="xs" variant="default" href={serverUrl(pathOf`api/apps/${app}/runs/${run}/log`, { download: '1' })} download leftSection={<IconDownload size={16} aria-hidden="true" />}>{t('run.logDownload')}</Button>
          </Group>
        </Group>
        <Log lines={lines} />
      </section>
    </Stack>
  )
}

function Ended({ report }: { readonly report: RunReport }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const bytes = report.saved.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return (
    <Stack gap="md">
      <Group role="status">{report.outcome === undefined ? null : <OutcomeMark outcome={report.outcome} />}<Text fw={600}>{t(`kind.${report.kind}`)}</Text></Group>
      <dl className="facts">
        <div><dt>{t('run.began')}</dt><dd><Instant at={report.startedAt} shown="absolute" /></dd></div>
        {report.finishedAt === undefined ? null : <div><dt>{t('run.took')}</dt><dd>{formatDuration(Date.parse(report.finishedAt) - Date.parse(report.startedAt), locale)}</dd></div>}
        {bytes === 0 ? null : <div><dt>{t('run.saved')}</dt><dd><Bytes value={bytes} /></dd></div>}
        {report.databases.length === 0 ? null : <div><dt>{t('run.databases')}</dt><dd>{report.databases.map(({ name }) => name).join(', ')}</dd></div>}
        {report.removed.length === 0 ? null : <div><dt>{t('run.removed')}</dt><dd><Count value={report.removed.length} /></dd></div>}
      </dl>
      {report.saved.map((point) => (
        <Text key={`${point.vault} ${point.id}`} size="sm">
          <Link href={`/apps/${encodeURIComponent(report.app)}/points/${point.id}`}><Name mono>{point.key}</Name></Link> · <Name>{point.vault}</Name> · <Bytes value={point.sizeBytes} />
          {report.verified.some(({ id, ok }) => id === point.id && ok) ? ` · ${t('run.verifiedPoint')}` : ''}
        </Text>
      ))}
    </Stack>
  )
}

const remarksShown = 100

function Remarks({ report }: { readonly report: RunReport }): ReactElement | null {
  const { t } = useTranslation()
  if (report.warningCount === 0 && report.noteCount === 0) return null
  const list = (title: string, remarks: RunReport['warnings'], state: 'warning' | 'none'): ReactElement | null => remarks.length === 0 ? null : (
    <details className="panel" open={state === 'warning'}>
      <summary><b>{title}</b></summary>
      <ul>
        {remarks.slice(0, remarksShown).map(({ code, message, path }, index) => <li key={index}><Text size="sm" component="span"><bdi lang="en"><Name>{message}</Name></bdi>{path === undefined || message.includes(path) ? null : <>{' '}<Name mono>{path}</Name></>} <span className="quiet">({code})</span></Text></li>)}
      </ul>
      {remarks.length > remarksShown ? <Text size="sm" className="quiet">{t('run.moreInLog', { count: remarks.length - remarksShown })}</Text> : null}
    </details>
  )
  return (
    <>
      {list(t('run.warnings', { count: report.warningCount }), report.warnings, 'warning')}
      {list(t('run.notes', { count: report.noteCount }), report.notes, 'none')}
    </>
  )
}

function Log({ lines }: { readonly lines: readonly RunEvent[] }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { current } = box
    // Follows the end, but not when somebody reads further up.
    if (current !== null && current.scrollHeight - current.scrollTop - current.clientHeight < 120) current.scrollTop = current.scrollHeight
  }, [lines])
  return (
    <div className="log" ref={box} tabIndex={0} role="log" aria-labelledby="log-title" aria-live="off">
      {lines.length === 0 ? t('run.logEmpty') : lines.map((event) => {
        const { text, grave } = logLine(event)
        return <div key={event.seq} className={grave === undefined ? undefined : `log-${grave}`}>{new Date(event.at).toLocaleTimeString(locale)}{'  '}<bdi>{text}</bdi></div>
      })}
    </div>
  )
}
