import type { ReactElement } from 'react'

export function Settings(props: { app?: string; id?: string; section?: string }): ReactElement {
  return <p hidden={props.app === undefined} />
}
