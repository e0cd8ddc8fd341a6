import { Alert, Button, Group, Skeleton, Stack, Textarea } from '@mantine/core'
import { useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConfigText } from '../../../../src/model/api/settings.ts'
import { useConfig, usePutConfig } from '../../api/use-config.ts'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { ConfigSection } from './config-section.tsx'

/** holdfast.yaml as it is. */
export function ConfigFile(): ReactElement {
  const { t } = useTranslation()
  const { data, error, refetch } = useConfig()
  return (
    <>
      <PageTitle name={t('settings.file')} title={t('settings.file')} below={data === undefined ? undefined : <Name mono>{data.file}</Name>} />
      {data === undefined ? error === null ? <Skeleton h={400} role="status" aria-label={t('loading')} /> : <ProblemAlert problem={error} onRetry={() => void refetch()} /> : (
        <>
          <Editor key={data.etag} config={data} onReload={() => void refetch()} />
          <ConfigSection section="server" />
        </>
      )}
    </>
  )
}

function Editor({ config, onReload }: { readonly config: ConfigText; readonly onReload: () => void }): ReactElement {
  const { t } = useTranslation()
  const [text, setText] = useState(config.text)
  const put = usePutConfig()
  return (
    <Stack gap="md" mb="xl">
      {config.writable ? null : <Alert color="yellow">{t('form.readOnly', { file: config.file })}</Alert>}
      <Textarea label={t('file.text')} description={t('file.hint')} value={text} onChange={({ currentTarget }) => setText(currentTarget.value)} autosize minRows={14} maxRows={38} spellCheck={false} readOnly={!config.writable} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.85rem', lineHeight: 1.5, whiteSpace: 'pre', overflowX: 'auto' } }} />
      <ProblemAlert problem={put.error} onRetry={onReload} />
      <Group>
        <Button disabled={text === config.text || !config.writable} loading={put.isPending} onClick={() => put.mutate({ etag: config.etag, text })}>{t('form.save')}</Button>
        <Button variant="default" disabled={text === config.text} onClick={() => setText(config.text)}>{t('form.discard')}</Button>
      </Group>
    </Stack>
  )
}
