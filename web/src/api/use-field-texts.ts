import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Language } from '../i18n/index.ts'

type FieldTexts = Readonly<Record<string, string>>
type Load = () => Promise<FieldTexts>

/** English is what the schema says itself; the others come when somebody opens the settings. */
const load: Readonly<Record<string, Load>> = {
  it: async () => (await import('../i18n/settings/it.ts')).it,
  fr: async () => (await import('../i18n/settings/fr.ts')).fr,
} satisfies Record<Exclude<Language, 'en'>, Load>

/** What stands under the fields of the settings in the page's language, by the schema's English descriptions. */
export function useFieldTexts(): FieldTexts {
  const { i18n: { language } } = useTranslation()
  return useQuery({ queryKey: ['field-texts', language], queryFn: async () => await load[language]?.() ?? {}, staleTime: Infinity }).data ?? {}
}
