import { Button } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Name } from '../components/name.tsx'
import { PageTitle } from '../components/page-title.tsx'
import { RunView } from './run-view.tsx'

export function RunPage({ app, run }: { readonly app: string; readonly run: string }): ReactElement {
  const { t } = useTranslation()
  return (
    <>
      <PageTitle
        name={`${t('run.title')}: ${app}`} title={<>{t('run.title')}: <Name>{app}</Name></>} below={<Name mono>{run}</Name>}
        actions={<Button component={Link} href={`/apps/${encodeURIComponent(app)}/runs`} variant="default">{t('run.all')}</Button>}
      />
      <RunView app={app} run={run} />
    </>
  )
}
