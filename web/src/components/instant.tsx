import type { ReactElement } from 'react'
import { formatDateTime } from '../format/date-time.ts'
import { formatRelative } from '../format/relative-time.ts'
import { useLocale, useNow } from './use-locale.ts'

type Props = { readonly at: string; readonly shown?: 'relative' | 'absolute' | 'both' }

/** A moment in the reader's language and zone; the other form of it stands in the title. */
export function Instant({ at, shown = 'relative' }: Props): ReactElement {
  const locale = useLocale()
  const now = useNow()
  const absolute = formatDateTime(at, locale)
  const relative = formatRelative(at, now, locale)
  return <time dateTime={at} title={shown === 'absolute' ? relative : absolute}>{shown === 'both' ? `${absolute} (${relative})` : shown === 'absolute' ? absolute : relative}</time>
}
