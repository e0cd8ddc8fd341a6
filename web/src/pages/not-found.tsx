import { Button } from '@mantine/core'
import { IconMapQuestion } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { Blank } from '../components/blank.tsx'

export function NotFound(): ReactElement {
  const { t } = useTranslation()
  return <Blank isPage icon={<IconMapQuestion />} title={t('notFound.title')} action={<Button component={Link} href="/">{t('nav.overview')}</Button>}>{t('notFound.text')}</Blank>
}
