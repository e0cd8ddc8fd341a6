import { useTranslation } from 'react-i18next'

/** What a key of holdfast.yaml is called in a form; keys without a name of their own are called as they stand there. */
export function useFieldLabel(key: string): string {
  const { t, i18n } = useTranslation()
  return i18n.exists(`config.${key}`) ? String(t(`config.${key}` as 'config.root')) : key
}
