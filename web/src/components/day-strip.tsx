import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard, DayState } from '../../../src/model/api/overview.ts'
import { formatDay } from '../format/date-time.ts'
import { useLocale } from './use-locale.ts'

const counted = ['ok', 'warning', 'failed', 'missed'] as const satisfies readonly DayState[]

/** The last thirty days, one bar each; a screen reader is told the sum and can walk through the days. */
export function DayStrip({ days }: { readonly days: AppCard['days'] }): ReactElement {
  const { t, i18n } = useTranslation()
  const locale = useLocale()
  const sum = counted.map((state) => ({ state, count: days.filter((day) => day.state === state).length })).filter(({ count }) => count > 0)
    .map(({ state, count }) => t(`days.${state}`, { count })).join(', ')
  return (
    <ul className="days" aria-label={`${t('days.label')}: ${sum === '' ? t('days.nothing') : sum}`}>
      {days.map(({ day, state, text }) => {
        const words = `${formatDay(day, locale)}: ${t(`days.word.${state}`)}`
        // A tooltip of the browser's own: of others there would be six thousand with 200 applications.
        return <li key={day} className={`day day-${state}`} title={text === '' || i18n.language !== 'en' ? words : `${words}. ${text}`}><span className="visually-hidden">{words}</span></li>
      })}
    </ul>
  )
}
