import { Button, Group } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { languages, setLanguage } from '../i18n/index.ts'
import type { Language } from '../i18n/index.ts'

/** The languages by their own names. */
export function LanguageLinks(): ReactElement {
  const { i18n } = useTranslation()
  return (
    <Group justify="center" gap={4}>
      {Object.entries(languages).map(([code, name]) => (
        <Button key={code} lang={code} size="compact-sm" variant={i18n.language === code ? 'light' : 'subtle'} aria-pressed={i18n.language === code} onClick={() => void setLanguage(code as Language)}>{name}</Button>
      ))}
    </Group>
  )
}
