import { Alert, Radio, Skeleton, Stack, Text, TextInput, Title } from '@mantine/core'
import { Fragment } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard } from '../../../src/model/api/overview.ts'
import { usePointDetail } from '../api/queries.ts'
import { Name } from '../components/name.tsx'
import { useCan } from '../components/use-can.ts'
import type { RestoreDraft } from '../format/restore-draft.ts'

type Props = { readonly app: AppCard; readonly draft: RestoreDraft; readonly onChange: (changed: Partial<RestoreDraft>) => void }

/** In place, into another folder, and under which names databases come back. */
export function RestoreWhere({ app, draft, onChange }: Props): ReactElement {
  const { t } = useTranslation()
  const isUpload = draft.point.startsWith('upload:')
  // The server runs with more rights than an operator has on its machine.
  const mayGoElsewhere = useCan('admin')
  return (
    <div className="panel">
      <Stack gap="md">
        <Radio.Group label={t('restore.whereLabel')} value={draft.where} onChange={(value) => onChange({ where: value as RestoreDraft['where'] })}>
          <Stack gap="sm" mt="xs">
            <Radio value="inPlace" label={t('restore.inPlace')} description={<Name mono>{app.root}</Name>} />
            {mayGoElsewhere ? <Radio value="folder" label={t('restore.otherFolder')} description={t('restore.otherFolderHint')} /> : null}
          </Stack>
        </Radio.Group>
        {draft.where === 'folder' ? <TextInput label={t('restore.folder')} placeholder="/srv/restored" value={draft.folder} onChange={({ currentTarget }) => onChange({ folder: currentTarget.value })} error={draft.folder !== '' && !draft.folder.trim().startsWith('/') ? t('restore.folderWhole') : undefined} spellCheck={false} required /> : <Text size="sm" className="quiet">{t('restore.inPlaceHint')}</Text>}
        {draft.what === 'files' || isUpload ? null : <Databases app={app} draft={draft} onChange={onChange} />}
      </Stack>
    </div>
  )
}

function Databases({ app, draft, onChange }: Props): ReactElement | null {
  const { t } = useTranslation()
  const { data, isPending } = usePointDetail(app.name, draft.point)
  if (isPending) return <Skeleton h={60} role="status" aria-label={t('loading')} />
  if (data === undefined || data.databases.length === 0) return null
  const files = data.databases.filter(({ engine }) => engine === 'sqlite')
  const dumps = data.databases.filter(({ engine }) => engine !== 'sqlite')
  const unnamed = dumps.filter(({ name }) => (draft.databases[name] ?? '').trim() === '').length
  return (
    <Stack gap="sm">
      <div>
        <Title order={2} size="h3">{t('restore.databases')}</Title>
        {files.length === 0 ? null : <Text size="sm" className="quiet">{t('restore.databaseFiles', { count: files.length })} {files.map(({ name }) => <Fragment key={name}><Name mono>{name}</Name> </Fragment>)}</Text>}
        {dumps.length === 0 ? null : <Text size="sm" className="quiet">{t('restore.databasesHint')}</Text>}
      </div>
      {dumps.map(({ name, engine, version }) => (
        <TextInput key={name} label={<><Name>{name}</Name> <Text span size="xs" className="quiet">{engine} {version}</Text></>} placeholder={name} value={draft.databases[name] ?? ''} onChange={({ currentTarget }) => onChange({ databases: { ...draft.databases, [name]: currentTarget.value } })} spellCheck={false} />
      ))}
      {draft.where !== 'folder' || unnamed === 0 ? null : unnamed < dumps.length || draft.what === 'database' ? <Alert color="yellow">{t('restore.databaseOver')}</Alert> : <Text size="sm" className="quiet">{t('restore.dumpAsFile')}</Text>}
    </Stack>
  )
}
