import type { WidgetState } from '../model/api/widget.ts'
import type { Badge } from './badge-svg.ts'

type Words = Readonly<Record<WidgetState['state'], string>>

const words = {
  en: { ok: 'ok', warning: 'warning', failed: 'failed', never: 'never', running: 'running' },
  it: { ok: 'ok', warning: 'attenzione', failed: 'errore', never: 'mai', running: 'in corso' },
  fr: { ok: 'ok', warning: 'attention', failed: 'échec', never: 'jamais', running: 'en cours' },
} as const satisfies Record<string, Words>
export type BadgeLanguage = keyof typeof words

/** White on each of them has a contrast of at least 4.5. */
const colors: Words = { ok: '#1a7f37', warning: '#9a6700', failed: '#cf222e', never: '#57606a', running: '#0969da' }

const units = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000]] as const

/** An application's state for a badge, with the age of the newest sound restore point. */
export function statusBadge(state: WidgetState, { language, label }: { readonly language: BadgeLanguage; readonly label?: string }): Badge {
  const word = words[language][state.state]
  // Of a running one the age of the last would be read as its own.
  const ageMs = state.lastAt === undefined || state.state === 'running' ? undefined : Date.parse(state.answeredAt) - Date.parse(state.lastAt)
  return { label: label ?? state.app, text: ageMs === undefined ? word : `${word}, ${ago(ageMs, language)}`, color: colors[state.state] }
}

function ago(ageMs: number, language: BadgeLanguage): string {
  const [unit, unitMs] = units.find(([, ms]) => ageMs >= ms) ?? units[2]
  return new Intl.RelativeTimeFormat(language, { style: 'short' }).format(-Math.max(0, Math.floor(ageMs / unitMs)), unit)
}
