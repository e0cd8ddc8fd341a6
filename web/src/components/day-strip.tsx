import { Tooltip } from '@mantine/core'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard, DayState } from '../../../src/model/api/overview.ts'
import { formatDay } from '../format/date-time.ts'
import { useLocale } from './use-locale.ts'

const counted = ['ok', 'warning', 'failed', 'missed'] as const satisfies readonly DayState[]

/** The last thirty days, one bar each; a screen reader is told the sum and can walk through the days. */
export function DayStrip({ days }: { readonly days: AppCard['days'] }): ReactElement {
  const { t } = useTranslation()
  const locale = useLocale()
  const sum = counted.map((state) => ({ state, count: days.filter((day) => day.state === state).length })).filter(({ count }) => count > 0)
    .map(({ state, count }) => t(`days.${state}`, { count })).join(', ')
  return (
    <div>
      <ul className="days" aria-label={`${t('days.label')}: ${sum === '' ? t('days.nothing') : sum}`}>
        {days.map(({ day, state, text }) => {
          const words = `${formatDay(day, locale)}: ${t(`days.word.${state}`)}`
          return (
            <Tooltip key={day} label={text === '' || locale.slice(0, 2) !== 'en' ? words : `${words} · ${text}`} multiline maw={320}>
              <li className={`day day-${state}`}><span className="visually-hidden">{words}</span></li>
            </Tooltip>
          )
        })}
      </ul>
    </div>
  )
}
