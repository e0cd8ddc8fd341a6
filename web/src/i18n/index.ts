import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'
import { withPluralForms } from './plural-forms.ts'
import type { Texts } from './texts.ts'

export const languages = { en: 'English', it: 'Italiano', fr: 'Français' } as const
export type Language = keyof typeof languages

const storageKey = 'holdfast-language'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: Texts }
    keySeparator: false
    nsSeparator: false
  }
}

/** English is always there; the others come when somebody reads them. */
const load: Readonly<Record<Language, () => Promise<Texts>>> = {
  en: () => Promise.resolve(en),
  it: async () => (await import('./it.ts')).it,
  fr: async () => (await import('./fr.ts')).fr,
}

export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en', fallbackLng: 'en', keySeparator: false, nsSeparator: false, resources: { en: { translation: en } },
    // React escapes by itself; texts never go into HTML.
    interpolation: { escapeValue: false },
  })
  await useLanguage(chosenLanguage())
}

/** Draws the page in another language and remembers it in this browser. */
export async function setLanguage(language: Language): Promise<void> {
  try {
    localStorage.setItem(storageKey, language)
  } catch {
    // A private window may refuse it; then it holds until the page is left.
  }
  await useLanguage(language)
}

async function useLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) i18next.addResourceBundle(language, 'translation', withPluralForms(await load[language](), language))
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
}

function chosenLanguage(): Language {
  let stored: string | null = null
  try {
    stored = localStorage.getItem(storageKey)
  } catch {
    // The browser's language then.
  }
  const wanted = [stored ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2))
  return wanted.find((tag): tag is Language => Object.hasOwn(languages, tag)) ?? 'en'
}

/** The reader's own variant of the page's language (`en-GB`), for dates and numbers. */
export function localeOf(language: string): string {
  return navigator.languages.find((tag) => tag.slice(0, 2) === language) ?? language
}
