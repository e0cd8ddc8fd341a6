import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconDownload, IconHistory } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { Preview, TreeEntry } from '../../../src/model/api/browse.ts'
import { get, pathOf, serverUrl } from '../api/request.ts'
import { visibleText } from '../format/visible-name.ts'
import { Bytes } from './bytes.tsx'
import { EntryIcon } from './file-tree.tsx'
import { Instant } from './instant.tsx'
import { Name } from './name.tsx'
import { ProblemAlert } from './problem-alert.tsx'

type Props = { readonly app: string; readonly point: string; readonly entry: TreeEntry | undefined }

/** One entry of a restore point: what it is, its text where it has one, and what can be done with it. */
export function EntryPanel({ app, point, entry }: Props): ReactElement {
  const { t } = useTranslation()
  if (entry === undefined) return <Text className="quiet" size="sm">{t('entry.none')}</Text>
  const source = pathOf`api/apps/${app}/points/${point}`
  const isDir = entry.kind === 'dir'
  return (
    <Stack gap="md">
      <div>
        <Group gap="xs" wrap="nowrap" align="flex-start"><EntryIcon entry={entry} /><Title order={2} size="h3" style={{ overflowWrap: 'anywhere' }}><Name>{entry.name}</Name></Title></Group>
        <Text size="xs" className="quiet"><Name mono>{entry.path}</Name></Text>
      </div>
      <Group gap="xs">
        {entry.kind === 'file' ? <Button component="a" href={serverUrl(`${source}/file`, { key: entry.key })} download size="xs" variant="light" leftSection={<IconDownload size={16} aria-hidden="true" />}>{t('entry.download')}</Button> : null}
        {isDir ? <Button component="a" href={serverUrl(`${source}/folder.zip`, { key: entry.key })} download size="xs" variant="light" leftSection={<IconDownload size={16} aria-hidden="true" />}>{t('entry.downloadZip')}</Button> : null}
        {entry.dump ? null : <Button component={Link} href={`/apps/${encodeURIComponent(app)}/restore?point=${point}&path=${encodeURIComponent(entry.path.toWellFormed())}`} size="xs" variant="default" leftSection={<IconHistory size={16} aria-hidden="true" />} disabled={!entry.path.isWellFormed()}>{t('entry.restore')}</Button>}
      </Group>
      <dl className="facts">
        {entry.sizeBytes === undefined || isDir ? null : <div><dt>{t('fact.size')}</dt><dd><Bytes value={entry.sizeBytes} /></dd></div>}
        <div><dt>{t('entry.changed')}</dt><dd><Instant at={entry.mtime} shown="absolute" /></dd></div>
        <div><dt>{t('entry.mode')}</dt><dd className="figure">{entry.mode.toString(8).padStart(4, '0')}</dd></div>
        {entry.owner === '' ? null : <div><dt>{t('entry.owner')}</dt><dd><Name>{entry.owner}</Name></dd></div>}
        {entry.linkTarget === undefined ? null : <div><dt>{t('entry.target')}</dt><dd><Name mono>{entry.linkTarget}</Name></dd></div>}
      </dl>
      {entry.kind === 'file' ? <TextPreview source={source} entry={entry} /> : null}
    </Stack>
  )
}

function TextPreview({ source, entry }: { readonly source: string; readonly entry: TreeEntry }): ReactElement {
  const { t } = useTranslation()
  const { data, error, isPending } = useQuery({ queryKey: ['preview', source, entry.key], queryFn: ({ signal }) => get<Preview>(serverUrl(`${source}/preview`, { key: entry.key }), signal), staleTime: Infinity })
  if (isPending) return <Skeleton h={120} role="status" aria-label={t('loading')} />
  if (error !== null) return <ProblemAlert problem={error} />
  if (data.text === undefined) return <Text size="sm" className="quiet">{t('entry.noText')}</Text>
  return (
    <div>
      <pre className="preview panel" tabIndex={0} aria-label={t('entry.preview')}>{data.text === '' ? t('entry.empty') : visibleText(data.text)}</pre>
      {data.cut ? <Text size="xs" className="quiet" mt={4}>{t('entry.cut')}</Text> : null}
    </div>
  )
}
