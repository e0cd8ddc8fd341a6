import { useTranslation } from 'react-i18next'
import type { Json } from '../format/json-value.ts'

/** What keys of holdfast.yaml are called in a form; names that somebody gave stand as they are. */
export function useFieldLabels(): (key: string) => string {
  const { t, i18n } = useTranslation()
  return (key) => i18n.exists(`config.${key}`) ? String(t(`config.${key}` as 'config.root')) : key
}

export function useFieldLabel(key: string): string {
  return useFieldLabels()(key)
}

/** What one of several values is called. */
export function useChoiceLabels(): (value: Json) => string {
  const { t, i18n } = useTranslation()
  return (value) => i18n.exists(`choice.${String(value)}`) ? String(t(`choice.${String(value)}` as 'choice.stop')) : String(value)
}

/** What one of several forms of a value is called: kinds of databases, of notifiers, where a secret comes from. */
export function useVariantLabels(): (name: string) => string {
  const { t, i18n } = useTranslation()
  return (name) => i18n.exists(`variant.${name}`) ? String(t(`variant.${name}` as 'variant.text')) : name
}
