import type { AppCard } from '../../../src/model/api/overview.ts'

const order: Readonly<Record<AppCard['status']['state'], number>> = { failed: 0, never: 1, warning: 2, running: 3, ok: 4 }

/** What an application's state would be if nothing ran: what is wrong stays wrong while a backup is under way. */
export function restingState({ state, reasons }: AppCard['status']): Exclude<AppCard['status']['state'], 'running'> {
  if (state !== 'running') return state
  if (reasons.some(({ code }) => code === 'never-ran')) return 'never'
  return reasons[0]?.severity ?? 'ok'
}

/** Those that need somebody first, then by name. */
export function byGravity(apps: readonly AppCard[]): readonly AppCard[] {
  return apps.toSorted((a, b) => order[restingState(a.status)] - order[restingState(b.status)] || a.name.localeCompare(b.name))
}
