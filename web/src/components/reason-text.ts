import type { TFunction } from 'i18next'
import type { AppCard } from '../../../src/model/api/overview.ts'
import type { StatusReason } from '../../../src/model/status.ts'
import { formatRelative } from '../format/relative-time.ts'

/** Why an application's state is what it is, in the page's language. The server's English sentence knows more, so English readers get that. */
export function reasonText(t: TFunction, language: string, app: AppCard, reason: StatusReason, now: number): string {
  if (language === 'en') return reason.message
  const newest = app.status.vaults.find(({ name }) => name === reason.vault)?.newest?.startedAt ?? app.newest?.startedAt
  const when = newest === undefined ? t('reason.none') : formatRelative(newest, now, language)
  const text = t(`reason.${reason.code}`, { vault: reason.vault ?? '', when, run: reason.run === undefined ? t('kind.any') : t(`kind.${reason.run}`) })
  return reason.vault !== undefined && app.status.vaults.length > 1 ? `${reason.vault}: ${text}` : text
}

/** How an application stands, in one sentence. */
export function statusText(t: TFunction, language: string, app: AppCard, now: number): string {
  const [first, ...more] = app.status.reasons
  if (first !== undefined) {
    const text = reasonText(t, language, app, first, now)
    return more.length === 0 ? text : `${text} ${t('reason.more', { count: more.length })}`
  }
  if (app.newest === undefined) return t('reason.nothing')
  const at = formatRelative(app.newest.startedAt, now, language)
  return app.newest.verifiedAt === undefined ? t('reason.okUnverified', { at }) : t('reason.ok', { at, verified: formatRelative(app.newest.verifiedAt, now, language) })
}
