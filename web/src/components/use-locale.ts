import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { localeOf } from '../i18n/index.ts'

/** The locale of dates and numbers on this page. */
export function useLocale(): string {
  const { i18n } = useTranslation()
  return localeOf(i18n.language)
}

/** The time, new every so often, for what tells how long ago something was. */
export function useNow(everyMs = 30_000): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [everyMs])
  return now
}
