import type { ReactElement } from 'react'
import { formatBytes } from '../format/byte-size.ts'
import { useLocale } from './use-locale.ts'

export function Bytes({ value }: { readonly value: number }): ReactElement {
  return <span className="figure nowrap">{formatBytes(value, useLocale())}</span>
}

export function Count({ value }: { readonly value: number }): ReactElement {
  return <span className="figure">{new Intl.NumberFormat(useLocale()).format(value)}</span>
}
