import type { ReactElement } from 'react'

export function Compare(props: { app?: string; id?: string; section?: string }): ReactElement {
  return <p hidden={props.app === undefined} />
}
