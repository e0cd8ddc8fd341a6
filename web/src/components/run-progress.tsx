import { Button, Group, Progress, Stack, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunReport } from '../../../src/model/run-report.ts'
import { pathOf, post } from '../api/request.ts'
import { formatBytes } from '../format/byte-size.ts'
import { formatDuration } from '../format/duration.ts'
import { fractionOf, rateOf, timeLeft, withSample } from '../format/progress.ts'
import type { Sample } from '../format/progress.ts'
import { visibleName } from '../format/visible-name.ts'
import { ProblemAlert } from './problem-alert.tsx'
import { useLocale, useNow } from './use-locale.ts'

/** How far a run is: phase, share, file, rate and time left. */
export function RunProgress({ report, compact = false }: { readonly report: RunReport; readonly compact?: boolean }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const now = useNow(1000)
  const samples = useSamples(report)
  const fraction = fractionOf(report)
  const rate = rateOf(samples)
  const leftMs = timeLeft(report, rate)
  const phase = report.phase === undefined ? t('run.begins') : t(`phase.${report.phase}`)
  const figures = [
    report.totalBytes !== undefined && report.totalBytes > 0 ? t('run.ofBytes', { done: formatBytes(report.bytes, locale), all: formatBytes(report.totalBytes, locale) }) : report.bytes > 0 ? formatBytes(report.bytes, locale) : '',
    report.files > 0 ? t('run.files', { count: report.files }) : '',
    rate !== undefined && rate > 0 ? t('run.rate', { rate: formatBytes(rate, locale) }) : '',
    leftMs === undefined ? '' : t('run.left', { time: formatDuration(leftMs, locale) }),
  ].filter((text) => text !== '')
  const percent = fraction === undefined ? undefined : Math.floor(fraction * 100)
  return (
    <Stack gap={6}>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>{t(`kind.${report.kind}`)} · {phase}</Text>
        <Text size="sm" className="quiet figure">{percent === undefined ? '' : `${percent} % · `}{formatDuration(now - Date.parse(report.startedAt), locale)}</Text>
      </Group>
      <Progress value={percent ?? 100} animated={percent === undefined} striped={percent === undefined} aria-label={`${t(`kind.${report.kind}`)}: ${phase}`} size={compact ? 'sm' : 'lg'} radius="xl" />
      <Text size="xs" className="quiet figure">{figures.join(' · ')}</Text>
      {compact || report.path === undefined || report.path === '.' ? null : <Text size="xs" className="file-name quiet" truncate><bdi>{visibleName(report.path)}</bdi></Text>}
    </Stack>
  )
}

/** Ends a run after one more question. */
export function CancelRun({ app, run }: { readonly app: string; readonly run: string }): ReactElement {
  const { t } = useTranslation()
  const [state, setState] = useState<'idle' | 'asking' | 'sent'>('idle')
  const [problem, setProblem] = useState<unknown>()
  const cancel = async (): Promise<void> => {
    setState('sent')
    try {
      await post(pathOf`api/runs/${app}/${run}/cancel`)
    } catch (error) {
      setProblem(error)
      setState('idle')
    }
  }
  return (
    <Stack gap="xs">
      <Group gap="xs">
        {state === 'asking' ? (
          <>
            <Text size="sm">{t('run.cancelSure')}</Text>
            <Button size="xs" color="red" onClick={() => void cancel()} autoFocus>{t('run.cancelYes')}</Button>
            <Button size="xs" variant="default" onClick={() => setState('idle')}>{t('run.cancelNo')}</Button>
          </>
        ) : <Button size="xs" variant="default" loading={state === 'sent'} onClick={() => setState('asking')}>{t('run.cancel')}</Button>}
      </Group>
      <ProblemAlert problem={problem} />
    </Stack>
  )
}

function useSamples(report: RunReport): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([])
  useEffect(() => {
    setSamples((before) => withSample(before, { key: `${report.run} ${report.phase ?? ''}`, atMs: Date.now(), bytes: report.bytes }))
  }, [report.run, report.phase, report.bytes])
  return samples
}
