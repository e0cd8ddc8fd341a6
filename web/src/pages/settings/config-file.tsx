import { Alert, Button, Group, Skeleton, Stack, Text, Textarea } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConfigText } from '../../../../src/model/api/settings.ts'
import { settleDraft, useDraft } from '../../api/drafts.ts'
import { useConfig, usePutConfig } from '../../api/use-config.ts'
import { Name } from '../../components/name.tsx'
import { PageTitle } from '../../components/page-title.tsx'
import { ProblemAlert } from '../../components/problem-alert.tsx'
import { isStale } from './config-record.tsx'
import { ConfigSection } from './config-section.tsx'

/** What somebody makes of the file, and what stood there when it began. */
type TextDraft = { readonly base: string; readonly text: string }
const draftPath = ['holdfast.yaml']

/** holdfast.yaml as it is. */
export function ConfigFile(): ReactElement {
  const { t } = useTranslation()
  const { data, error, refetch } = useConfig()
  return (
    <>
      <PageTitle name={t('settings.file')} title={t('settings.file')} below={data === undefined ? undefined : <Name mono>{data.file}</Name>} />
      {data === undefined ? error === null ? <Skeleton h={400} role="status" aria-label={t('loading')} /> : <ProblemAlert problem={error} onRetry={() => void refetch()} /> : (
        <>
          <Editor config={data} onReload={async () => await refetch()} />
          <ConfigSection section="server" />
        </>
      )}
    </>
  )
}

function Editor({ config, onReload }: { readonly config: ConfigText; readonly onReload: () => Promise<unknown> }): ReactElement {
  const { t } = useTranslation()
  const [draft, setDraft] = useDraft<TextDraft>(draftPath)
  const text = draft?.text ?? config.text
  const hasChanged = draft !== undefined && draft.base !== config.text
  const put = usePutConfig()
  const change = (next: string): void => setDraft(next === config.text ? undefined : { base: draft?.base ?? config.text, text: next })
  const onNewest = async (): Promise<void> => {
    await onReload()
    put.reset()
  }
  return (
    <Stack gap="md" mb="xl">
      {config.writable ? null : <Alert color="yellow">{t('form.readOnly', { file: config.file })}</Alert>}
      <Textarea label={t('file.text')} description={t('file.hint')} value={text} onChange={({ currentTarget }) => change(currentTarget.value)} autosize minRows={14} maxRows={38} spellCheck={false} readOnly={!config.writable} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: '0.85rem', lineHeight: 1.5, whiteSpace: 'pre', overflowX: 'auto' } }} />
      {hasChanged ? (
        <Alert color="yellow" role="status" title={t('file.changed')}>
          <Stack gap="xs">
            <Text size="sm">{t('file.changedHint')}</Text>
            <details><summary>{t('file.newest')}</summary><pre className="preview" tabIndex={0}>{config.text}</pre></details>
            <Group gap="xs">
              <Button size="xs" variant="default" onClick={() => setDraft(undefined)}>{t('file.takeNewest')}</Button>
              <Button size="xs" variant="default" onClick={() => setDraft({ base: config.text, text })}>{t('file.keepMine')}</Button>
            </Group>
          </Stack>
        </Alert>
      ) : null}
      <ProblemAlert problem={put.error} />
      {isStale(put.error) ? <Group><Button variant="light" onClick={() => void onNewest()}>{t('form.loadNewest')}</Button></Group> : null}
      <Group>
        <Button disabled={text === config.text || !config.writable || hasChanged} loading={put.isPending} onClick={() => put.mutate({ etag: config.etag, text }, { onSuccess: () => settleDraft(draftPath, draft) })}>{t('form.save')}</Button>
        <Button variant="default" disabled={text === config.text} onClick={() => setDraft(undefined)}>{t('form.discard')}</Button>
      </Group>
    </Stack>
  )
}
