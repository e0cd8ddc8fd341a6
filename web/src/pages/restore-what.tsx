import { Button, Group, Radio, SegmentedControl, Select, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard, Point } from '../../../src/model/api/overview.ts'
import { usePoints } from '../api/queries.ts'
import { Name } from '../components/name.tsx'
import { PointKind, PointState } from '../components/point-facts.tsx'
import { ProblemAlert } from '../components/problem-alert.tsx'
import { StateMark } from '../components/state-mark.tsx'
import { UploadFacts } from '../components/upload-facts.tsx'
import { UploadArchive } from '../components/upload-archive.tsx'
import { useLocale } from '../components/use-locale.ts'
import { formatBytes } from '../format/byte-size.ts'
import { formatDateTime } from '../format/date-time.ts'
import type { RestoreDraft } from '../format/restore-draft.ts'

type Props = { readonly app: AppCard; readonly draft: RestoreDraft; readonly fromUpload: boolean; readonly onChange: (changed: Partial<RestoreDraft>) => void }

/** Which restore point, and what of it. */
export function RestoreWhat({ app, draft, fromUpload, onChange }: Props): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const [source, setSource] = useState<'point' | 'upload'>(fromUpload || draft.point.startsWith('upload:') ? 'upload' : 'point')
  const { upload } = draft
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = usePoints(app.name)
  const points = data?.pages.flatMap((page) => page.points) ?? []
  const chosen = points.find(({ id }) => id === draft.point)
  const isFound = chosen !== undefined || draft.point === '' || source === 'upload'
  // A link may name a point of a later page.
  useEffect(() => {
    if (!isFound && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [isFound, hasNextPage, isFetchingNextPage, fetchNextPage])
  useEffect(() => {
    if (draft.point === '' && source === 'point') {
      const best = bestOf(points)
      if (best !== undefined) onChange({ point: best.id })
    }
  })
  const label = (point: Point): string => `${formatDateTime(point.startedAt, locale)} · ${t(`scope.${point.scope}`)} · ${formatBytes(point.sizeBytes, locale)} · ${point.id.slice(0, 8)}`
  return (
    <div className="panel">
      <Stack gap="md">
        <SegmentedControl
          aria-label={t('restore.source')} value={source} data={[{ value: 'point', label: t('restore.fromPoint') }, { value: 'upload', label: t('restore.fromUpload') }]}
          onChange={(value) => {
            setSource(value as 'point' | 'upload')
            onChange({ point: value === 'upload' && upload !== undefined ? `upload:${upload.id}` : '', paths: [], isOtherMeant: false })
          }}
        />
        {source === 'upload' ? (
          upload === undefined ? <UploadArchive app={app.name} onReady={(ready) => onChange({ point: `upload:${ready.id}`, upload: ready, isOtherMeant: false })} /> : <Stack gap="sm"><Group><StateMark state="ok" label={t('upload.ready')} /><Name mono>{upload.name}</Name><Button size="xs" variant="default" onClick={() => onChange({ point: '', upload: undefined, isOtherMeant: false })}>{t('upload.other')}</Button></Group><UploadFacts app={app.name} upload={upload} /></Stack>
        ) : (
          <Stack gap="xs">
            <ProblemAlert problem={error} />
            <Select label={t('restore.point')} data={points.map((point) => ({ value: point.id, label: label(point) }))} value={draft.point === '' ? null : draft.point} onChange={(value) => onChange({ point: value ?? '', paths: [] })} searchable maxDropdownHeight={340} nothingFoundMessage={t('points.none')} allowDeselect={false} />
            {chosen === undefined ? null : <Group gap="xs"><PointKind point={chosen} /><PointState point={chosen} /></Group>}
            {hasNextPage ? <Group><Button size="compact-xs" variant="subtle" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>{t('restore.olderPoints')}</Button></Group> : null}
          </Stack>
        )}
        <Radio.Group label={t('restore.whatLabel')} value={draft.what} onChange={(value) => onChange({ what: value as RestoreDraft['what'] })}>
          <Stack gap="sm" mt="xs">
            <Radio value="all" label={t('restore.all')} description={t(chosen === undefined ? 'restore.allHint' : `restore.allHint.${chosen.scope}`)} disabled={draft.paths.length > 0} />
            <Radio value="files" label={draft.paths.length > 0 ? t('restore.onlyPaths', { count: draft.paths.length }) : t('restore.files')} description={draft.paths.length > 0 ? undefined : t('restore.filesHint')} />
            <Radio value="database" label={t('restore.database')} description={t('restore.databaseHint')} disabled={draft.paths.length > 0} />
          </Stack>
        </Radio.Group>
        {draft.paths.length === 0 ? null : (
          <div>
            <Group justify="space-between"><Title order={2} size="h3">{t('restore.paths')}</Title><Button size="compact-xs" variant="subtle" onClick={() => onChange({ paths: [], what: 'all' })}>{t('restore.allInstead')}</Button></Group>
            <ul className="samples">{draft.paths.map((path) => <li key={path}><Name mono>{path}</Name></li>)}</ul>
          </div>
        )}
        {source === 'upload' ? <Text size="sm" className="quiet">{t('upload.foreignHint')}</Text> : null}
      </Stack>
    </div>
  )
}

/** The newest whole one, a verified one where there is one. */
function bestOf(points: readonly Point[]): Point | undefined {
  const sound = points.filter(({ scope, complete, damagedAt }) => scope === 'full' && complete && damagedAt === undefined)
  return sound.find(({ verifiedAt }) => verifiedAt !== undefined) ?? sound[0] ?? points[0]
}
