import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { AppCard } from '../../../src/model/api/overview.ts'
import { formatBytes } from '../format/byte-size.ts'
import { formatDateTime } from '../format/date-time.ts'
import { sparkPoints } from '../format/spark-path.ts'
import { useLocale } from './use-locale.ts'

const box = { width: 300, height: 48, pad: 3 }

/** Sizes of the newest restore points as a line from zero, so that a change looks as large as it is. */
export function SizeChart({ sizes }: { readonly sizes: AppCard['sizes'] }): ReactElement | null {
  const { t } = useTranslation()
  const locale = useLocale()
  const first = sizes[0]
  const last = sizes.at(-1)
  if (first === undefined || last === undefined || sizes.length < 2) return null
  const values = sizes.map(({ sizeBytes }) => sizeBytes)
  const points = sparkPoints(values, box)
  const line = points.map(({ x, y }) => `${x},${y}`).join(' ')
  const most = Math.max(1, ...values)
  return (
    <svg
      className="spark" viewBox={`0 0 ${box.width} ${box.height}`} preserveAspectRatio="none" role="img"
      aria-label={t('chart.sizes', { count: sizes.length, from: formatBytes(first.sizeBytes, locale), to: formatBytes(last.sizeBytes, locale), most: formatBytes(most, locale) })}
    >
      <polygon className="spark-area" points={`${points[0]?.x ?? 0},${box.height} ${line} ${points.at(-1)?.x ?? 0},${box.height}`} />
      <polyline className="spark-line" points={line} />
      {points.map(({ x }, index) => (
        <rect key={sizes[index]?.at} x={x - 5} y="0" width="10" height={box.height} fill="transparent">
          <title>{`${formatDateTime(sizes[index]?.at ?? '', locale)}: ${formatBytes(values[index] ?? 0, locale)}`}</title>
        </rect>
      ))}
    </svg>
  )
}
