import type { Status, StatusReason } from '../model/status.ts'

export type OverviewVerdict = { readonly protected: number; readonly total: number; readonly sentence: string }

const shownApps = 3

/** Warnings that take nothing from the newest restore point: an older one is damaged, a clock was wrong, a run that was no backup failed. */
const harmlessCodes: ReadonlySet<StatusReason['code']> = new Set(['damaged', 'clock', 'run-failed', 'interrupted'])

/** Every other one means that what is expected to lie there does not, or was not proven. */
function isHarmless({ code, severity, run }: StatusReason): boolean {
  if (severity !== 'warning') return false
  return harmlessCodes.has(code) || (code === 'run-partial' && run !== undefined && run !== 'backup' && run !== 'verify')
}

/**
 * Whether an application may be called protected: a sound restore point of the expected scope lies in each of its vaults, and no
 * reason casts doubt on it. A run that is going on changes nothing of that.
 */
export function isProtected(status: Status): boolean {
  return status.state !== 'never' && status.vaults.length > 0 && status.vaults.every(({ newest }) => newest !== undefined)
    && status.reasons.every(isHarmless)
}

/**
 * How all applications stand, in one sentence that calls nothing safe that is not: `2 of 3 applications are protected. ERP: last restore
 * point is 3 days old.`
 * @param unseen so many more there are that were not looked at yet.
 */
export function overviewSentence(statuses: readonly Status[], unseen = 0): OverviewVerdict {
  const exposed = statuses.filter((status) => !isProtected(status)).toSorted((a, b) => graveness(b) - graveness(a))
  const total = statuses.length + unseen
  const safe = statuses.length - exposed.length
  if (total === 0) return { protected: 0, total, sentence: 'No application is set up yet.' }
  if (statuses.length === 0) return { protected: 0, total, sentence: 'No application was looked at yet.' }
  const words = exposed.slice(0, shownApps).map((status) => `${status.app}: ${shortReason(status)}.`)
  if (exposed.length > shownApps) words.push(`And ${exposed.length - shownApps} more.`)
  if (unseen > 0) words.push(unseen === 1 ? 'One is being looked at.' : `${unseen} are being looked at.`)
  return { protected: safe, total, sentence: [firstWords(safe, total), ...words].join(' ') }
}

function firstWords(safe: number, total: number): string {
  if (total === 1) return safe === 1 ? 'The application is protected.' : 'The application is not protected.'
  if (safe === total) return `All ${total} applications are protected.`
  return safe === 0 ? `None of ${total} applications is protected.` : `${safe} of ${total} applications ${safe === 1 ? 'is' : 'are'} protected.`
}

function graveness({ state, reasons }: Status): number {
  return state === 'never' ? 1 : reasons.some(({ severity }) => severity === 'failed') ? 2 : 0
}

function shortReason(status: Status): string {
  const reason = status.reasons.find((each) => !isHarmless(each))
  if (reason === undefined) return 'there is no restore point'
  if (reason.code === 'never-ran') return 'it was never backed up'
  const newest = status.vaults.find(({ name }) => name === reason.vault)?.newest
  if (reason.code !== 'overdue' || newest === undefined) return reason.message.replace(/\.$/, '')
  const where = status.vaults.length > 1 ? ` in ${reason.vault ?? ''}` : ''
  return `last restore point${where} is ${age(Date.parse(status.judgedAt) - Date.parse(newest.startedAt))} old`
}

/** In the largest unit that fits, rounded down. */
function age(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  const [count, unit] = minutes >= 2880 ? [Math.floor(minutes / 1440), 'day'] : minutes >= 60 ? [Math.floor(minutes / 60), 'hour'] : [minutes, 'minute']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
