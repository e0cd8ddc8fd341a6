import { Alert, Button, Code, Group, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { ProblemError } from '../api/request.ts'
import { visibleText } from '../format/visible-name.ts'

type Told = { readonly code: string; readonly message: string; readonly hint?: string | undefined }

/** What went wrong, with what to do next and the code that the reference of error codes knows. */
export function ProblemAlert({ problem, onRetry }: { readonly problem: unknown; readonly onRetry?: (() => void) | undefined }): ReactElement | null {
  const { t, i18n } = useTranslation()
  if (problem === null || problem === undefined) return null
  const told = toldOf(problem)
  const { code } = told
  // What people meet before they are signed in has its words; the server's own are English, and say more.
  const isTranslated = i18n.language !== 'en' && i18n.exists(`refused.${code}`)
  const message = isTranslated ? t(`refused.${code}` as 'refused.access.wrong') : told.message
  const hint = isTranslated ? t(`refusedHint.${code}` as 'refusedHint.access.wrong') : told.hint
  const isOffline = code === 'network.failed'
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden="true" />} role="alert" styles={{ title: { whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' } }} title={isOffline ? t('problem.offline') : <bdi>{visibleText(message)}</bdi>}>
      {isOffline ? <Text size="sm">{t('problem.offlineHint')}</Text> : hint === undefined ? null : <Text size="sm"><bdi>{visibleText(hint)}</bdi></Text>}
      <Group gap="sm" mt={6}>
        <Text size="xs" className="quiet">{t('problem.code')} <Code>{code}</Code></Text>
        {onRetry === undefined ? null : <Button size="compact-xs" variant="default" onClick={onRetry}>{t('action.retry')}</Button>}
      </Group>
    </Alert>
  )
}

function toldOf(problem: unknown): Told {
  if (problem instanceof ProblemError) return problem
  if (problem instanceof Error) return { code: 'internal', message: problem.message }
  if (typeof problem === 'object' && problem !== null && 'code' in problem && 'message' in problem) {
    return { code: String(problem.code), message: String(problem.message), ...('hint' in problem && typeof problem.hint === 'string' ? { hint: problem.hint } : {}) }
  }
  return { code: 'internal', message: String(problem) }
}
