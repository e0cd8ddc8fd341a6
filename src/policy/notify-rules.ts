import { Cron } from 'croner'
import { z } from 'zod'
import { printable } from '../kit/printable.ts'
import type { Notice, NoticeTopic } from '../model/notice.ts'
import type { Status, StatusReason } from '../model/status.ts'
import { isProtected } from './overview-sentence.ts'

export type NotifyRules = {
  readonly on: readonly NoticeTopic[]
  /** While an application stays failed or overdue it is told again after so long. */
  readonly remindAfterMs: number
  readonly summary: { readonly weekday: number; readonly hour: number; readonly timezone?: string }
}

const appMemorySchema = z.object({
  /** The causes that stand now: when each was first seen, and whether it was told. */
  causes: z.record(z.string(), z.object({ since: z.iso.datetime(), told: z.boolean() })),
  /** True from the first failure or delay on until the recovery. */
  troubled: z.boolean(),
  /** When a failure or delay was told last; gone with the recovery. */
  toldAt: z.iso.datetime().optional(),
})
type AppMemory = z.infer<typeof appMemorySchema>

/** What must be remembered between two looks at the statuses; kept with `undefined` for the first. */
export const notifyMemorySchema = z.object({ apps: z.record(z.string(), appMemorySchema), summaryAfter: z.iso.datetime() })
export type NotifyMemory = z.infer<typeof notifyMemorySchema>

export type NotifySituation = { readonly statuses: readonly Status[]; readonly apps: readonly string[]; readonly url?: string }

/** A notice with what it is told for: `new` causes once each; none for reminders, recoveries and summaries. */
export type NotifyDecision = { readonly notice: Notice; readonly causes: readonly string[] }

/** A new application has this long until it is missed that it was never backed up. */
const firstBackupMs = 24 * 3600 * 1000
const linesShown = 20

/**
 * Decides what is to be told, from how all applications stand now and from what was told before. A cause — a reason of a
 * status, at its vault, of its kind of run — is told when it is first seen and not again while it lasts; one that went and
 * comes again is a new one. While something failed or is overdue, the application is told again once nothing was told of it for
 * `remindAfterMs`; warnings are not repeated. Its recovery is told once, when no failure and no delay is left. The summary is due at
 * its hour of its weekday; one that was slept through is made up for, once.
 *
 * @param statuses of the applications that were judged; of others that `apps` names nothing is decided and nothing forgotten, and
 *   the summary waits for them.
 * @param apps all that there are: others are forgotten.
 * @param url of the dashboard, which notices then carry.
 */
export function decideNotices(memory: NotifyMemory | undefined, { statuses, apps, url }: NotifySituation, rules: NotifyRules, now: Date): { readonly decisions: readonly NotifyDecision[]; readonly memory: NotifyMemory } {
  const at = now.toISOString()
  const decisions: NotifyDecision[] = []
  const about = (part: Omit<Notice, 'at' | 'url'>): Notice => ({ ...part, at, ...(url === undefined ? {} : { url }) })
  const judged = new Map(statuses.map((status) => [status.app, status]))
  const remembered: Record<string, AppMemory> = Object.create(null)
  for (const app of apps) {
    const before = memory !== undefined && Object.hasOwn(memory.apps, app) ? memory.apps[app] : undefined
    const status = judged.get(app)
    const { decision, after } = status === undefined ? { decision: undefined, after: before } : decideApp(before, status, rules, now)
    if (after !== undefined) remembered[app] = after
    if (decision !== undefined) decisions.push({ notice: about(decision.notice), causes: decision.causes })
  }
  const summaryAfter = new Date(notAfter(memory?.summaryAfter, now)).toISOString()
  const due = apps.length > 0 && apps.every((app) => judged.has(app)) && isSummaryDue(rules.summary, new Date(summaryAfter), now)
  if (due && rules.on.includes('summary')) decisions.push({ notice: about(summaryNotice(statuses)), causes: [] })
  return { decisions, memory: { apps: remembered, summaryAfter: due ? at : summaryAfter } }
}

type AppDecision = { readonly notice: Omit<Notice, 'at' | 'url'>; readonly causes: readonly string[] }

function decideApp(before: AppMemory | undefined, status: Status, { on, remindAfterMs }: NotifyRules, now: Date): { readonly decision?: AppDecision; readonly after: AppMemory } {
  const causes: AppMemory['causes'] = Object.create(null)
  const fresh: [cause: string, reason: StatusReason][] = []
  const grave: StatusReason[] = []
  for (const [cause, reason] of new Map(status.reasons.map((each) => [causeOf(each), each]))) {
    const known = before !== undefined && Object.hasOwn(before.causes, cause) ? before.causes[cause] : undefined
    const sinceMs = notAfter(known?.since, now)
    if (reason.code === 'never-ran' && now.getTime() - sinceMs < firstBackupMs) {
      causes[cause] = { since: new Date(sinceMs).toISOString(), told: false }
      continue
    }
    const isFresh = known?.told !== true && on.includes(topicOf(reason))
    causes[cause] = { since: new Date(sinceMs).toISOString(), told: known?.told === true || isFresh }
    if (isFresh) fresh.push([cause, reason])
    if (topicOf(reason) !== 'warning') grave.push(reason)
  }
  const troubled = grave.length > 0
  const toldAt = troubled ? before?.toldAt : undefined
  const after = { causes, troubled, ...(toldAt === undefined ? {} : { toldAt }) }
  const told = { causes, troubled, toldAt: now.toISOString() }
  if (fresh.length > 0) {
    const why = fresh.map(([, reason]) => reason)
    const decision = { notice: troubleNotice(status, why, false), causes: fresh.map(([cause]) => cause) }
    // A warning does not put off the next reminder of a failure, and leaves a recovery for the next look.
    return { decision, after: why.some((reason) => grave.includes(reason)) ? told : { ...after, troubled: troubled || before?.troubled === true } }
  }
  const asked = grave.filter((reason) => on.includes(topicOf(reason)))
  if (asked.length > 0 && (toldAt === undefined || isOver(toldAt, remindAfterMs, now))) return { decision: { notice: troubleNotice(status, asked, true), causes: [] }, after: told }
  if (before?.troubled === true && !troubled && on.includes('recovery')) return { decision: { notice: recoveryNotice(status), causes: [] }, after }
  return { after }
}

/** A clock that was wrong must not put anything off until that day. */
function notAfter(instant: string | undefined, now: Date): number {
  return instant === undefined ? now.getTime() : Math.min(Date.parse(instant), now.getTime())
}

function isOver(since: string, durationMs: number, now: Date): boolean {
  return Math.abs(now.getTime() - Date.parse(since)) >= durationMs
}

/** Messages tell ages and change every minute; what they are about does not. A delay that grows is the same one. */
function causeOf({ code, severity, vault, run, error }: StatusReason): string {
  return [code, delays.has(code) ? '' : severity, vault ?? '', run ?? '', error ?? ''].map((part) => encodeURIComponent(part.toWellFormed())).join('/')
}

/** Reasons that grow with time, and what nobody did. */
const delays: ReadonlySet<StatusReason['code']> = new Set(['overdue', 'missed', 'skipped', 'never-ran'])

function topicOf({ code, severity }: StatusReason): 'failure' | 'warning' | 'overdue' {
  if (delays.has(code)) return 'overdue'
  return severity === 'failed' ? 'failure' : 'warning'
}

function troubleNotice(status: Status, why: readonly StatusReason[], again: boolean): AppDecision['notice'] {
  const topics = new Set(why.map(topicOf))
  const kind = topics.has('overdue') && !topics.has('failure') ? 'overdue' : 'failure'
  return {
    kind, severity: why.some(({ severity }) => severity === 'failed') ? 'failed' : 'warning', app: printable(status.app),
    title: `${printable(status.app)}: ${kind === 'overdue' ? 'backup overdue' : topics.has('failure') ? failureWords(why) : 'backup warning'}${again ? ' (still)' : ''}`,
    text: linesOf(status, why),
  }
}

/** Not every failure is one of a backup: an unreachable disk, a damaged point, a restore. */
function failureWords(why: readonly StatusReason[]): string {
  return why.some(({ code, run }) => (code === 'run-failed' || code === 'interrupted') && run === 'backup') ? 'backup failed' : 'needs attention'
}

function recoveryNotice(status: Status): AppDecision['notice'] {
  return { kind: 'recovery', severity: 'info', app: printable(status.app), title: `${printable(status.app)}: protected again`, text: linesOf(status, []) }
}

/** What it is about, then what else there is; without reasons the judgement's sentence. */
function linesOf(status: Status, first: readonly StatusReason[]): string {
  const reasons = [...first, ...status.reasons.filter((reason) => !first.includes(reason))]
  if (reasons.length === 0) return printable(status.sentence)
  const lines = reasons.slice(0, linesShown).map(({ message }) => printable(message))
  return [...lines, ...(reasons.length > linesShown ? [`and ${reasons.length - linesShown} more`] : [])].join('\n')
}

function isSummaryDue({ weekday, hour, timezone }: NotifyRules['summary'], after: Date, now: Date): boolean {
  // Cron counts from Sunday, 0.
  const next = new Cron(`0 ${hour} * * ${weekday % 7}`, { mode: '5-part', ...(timezone === undefined ? {} : { timezone }) }).nextRun(after)
  return next !== null && next.getTime() <= now.getTime()
}

function summaryNotice(statuses: readonly Status[]): Omit<Notice, 'at' | 'url'> {
  const exposed = statuses.filter((status) => !isProtected(status))
  const good = statuses.length - exposed.length
  return {
    kind: 'weekly-summary',
    severity: exposed.length > 0 ? 'failed' : statuses.some(({ reasons }) => reasons.length > 0) ? 'warning' : 'info',
    title: statuses.length === 1 ? `${good} of 1 application is protected` : `${good} of ${statuses.length} applications are protected`,
    text: [...exposed, ...statuses.filter(isProtected)].map((status) => `${printable(status.app)}: ${printable(status.sentence)}`).join('\n'),
  }
}
