import type { ReactElement } from 'react'
import { visibleName } from '../format/visible-name.ts'

/** A name that somebody else chose: kept from turning its surroundings around, and nothing in it hidden. */
export function Name({ children, mono = false }: { readonly children: string; readonly mono?: boolean }): ReactElement {
  return <bdi className={mono ? 'file-name' : undefined}>{visibleName(children)}</bdi>
}
