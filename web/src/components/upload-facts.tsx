import { Alert, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactElement, ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Upload } from '../../../src/model/api/settings.ts'
import { Instant } from './instant.tsx'
import { Name } from './name.tsx'

/** What an uploaded archive says of itself, with a warning where it is of another application. */
export function UploadFacts({ app, upload: { about }, children }: { readonly app: string; readonly upload: Upload; readonly children?: ReactNode }): ReactElement | null {
  const { t } = useTranslation()
  if (about === undefined) return null
  return (
    <>
      <Text size="sm">
        {about.app === undefined ? t('upload.foreign', { kind: about.kind ?? '' }) : <>{t('upload.of')} <b><Name>{about.app}</Name></b></>} · <Instant at={about.startedAt} shown="absolute" />
        {about.host === '' ? null : <> · {t('upload.host')} <Name>{about.host}</Name></>}
      </Text>
      {about.isOther ? <Alert color="red" role="alert" icon={<IconAlertTriangle aria-hidden="true" />} title={t('upload.isOther', { other: about.app ?? '', app })}><Text size="sm">{t('upload.isOtherText', { app })}</Text>{children}</Alert> : null}
    </>
  )
}
