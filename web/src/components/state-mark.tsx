import { IconAlertTriangle, IconCircleCheck, IconCircleDashed, IconCircleX, IconClockOff, IconHelpCircle, IconLoader2 } from '@tabler/icons-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'

export type ShownState = 'ok' | 'warning' | 'failed' | 'never' | 'running' | 'missed' | 'none' | 'off' | 'unknown'

const icons = { ok: IconCircleCheck, warning: IconAlertTriangle, failed: IconCircleX, never: IconAlertTriangle, running: IconLoader2, missed: IconClockOff, none: IconCircleDashed, off: IconCircleDashed, unknown: IconHelpCircle } as const

export function StateIcon({ state, size = 18 }: { readonly state: ShownState; readonly size?: number }): ReactElement {
  const Icon = icons[state]
  return <Icon size={size} stroke={2} aria-hidden="true" style={{ flex: 'none' }} color={`var(--state-${state === 'never' ? 'failed' : state === 'none' || state === 'off' || state === 'unknown' ? 'idle' : state})`} />
}

/** A state as a word with its sign; the colour only repeats it. */
export function StateMark({ state, bare = false, label }: { readonly state: ShownState; readonly bare?: boolean; readonly label?: string }): ReactElement {
  const { t } = useTranslation()
  return (
    <span className={`state state-${state}${bare ? ' state-bare' : ''}`}>
      <StateIcon state={state} size={16} />
      {label ?? t(`state.${state}`)}
    </span>
  )
}
