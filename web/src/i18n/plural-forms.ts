/**
 * Texts in which every plural form of the language stands: Italian and French have one for whole millions (`many`), which reads
 * as the usual one here.
 */
export function withPluralForms(texts: Readonly<Record<string, string>>, language: string): Readonly<Record<string, string>> {
  const missing = new Intl.PluralRules(language).resolvedOptions().pluralCategories.filter((category) => category !== 'one' && category !== 'other')
  const more = Object.entries(texts).flatMap(([key, text]) => key.endsWith('_other') ? missing.map((category) => [`${key.slice(0, -'other'.length)}${category}`, text] as const) : [])
  return { ...Object.fromEntries(more), ...texts }
}
