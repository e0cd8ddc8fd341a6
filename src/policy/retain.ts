import { formatByteSize } from '../kit/byte-size.ts'
import type { GroupRules, KeepRules } from '../model/keep-rules.ts'
import type { Scope, Snapshot } from '../model/restore-point.ts'
import { applyRules, maxSizeBytes, saysWhatToKeep } from './apply-rules.ts'
import type { Reasons } from './apply-rules.ts'
import { calendarBuckets } from './calendar-buckets.ts'
import type { Buckets } from './calendar-buckets.ts'
import { coveredAges } from './covered-ages.ts'

/** What becomes of one restore point, and why, in words for the user. */
export type Verdict = { readonly id: string; readonly keep: boolean; readonly reasons: readonly string[] }

const expiryDays = 30
const expiryMs = expiryDays * 86_400_000
const incompleteCount = 3
const scopeWords = { full: 'full', partial: 'partial', database: 'database' } as const

/** Points of one kind, newest first: they compete for the same rules and with no others. */
type Group = { readonly app: string; readonly scope: Scope; readonly complete: boolean; readonly damaged: boolean; readonly points: readonly Snapshot[] }
type Context = {
  readonly now: Date
  readonly rules: KeepRules
  readonly bucketsOf: (at: Date) => Buckets
  /** The newest sound and complete dated point of an application and scope. */
  readonly newestComplete: ReadonlyMap<string, Snapshot>
  /** How old each point is for the rules that measure to now. */
  readonly ages: ReadonlyMap<Snapshot, number>
  /** Dated points that stay whatever the rules say, with the reason. */
  readonly always: ReadonlyMap<Snapshot, string>
}

/**
 * Judges restore points of one vault: one verdict each, in the order given. Pure; nothing is removed here.
 *
 * - Points compete only with points of the same application, scope, completeness and soundness, so a partial, incomplete
 *   or damaged one never takes the place of a complete one. Damaged ones are judged among themselves by the same rules
 *   instead of being removed at once: a check can be wrong (a bad cable), and a part may still be saved.
 * - Never removed: each application's newest sound complete full point; the newest verified one of each scope; a point from
 *   the future, whose clock was wrong; rolling points, which the next of their weekday replaces; the last one there is.
 * - Rules that keep nothing (none given, or all 0) remove nothing.
 * - `within` counts from the newest point of its kind as restic's does: time alone, without new backups, removes nothing
 *   of what it kept. Nor does one point whose clock was ahead: a time without points counts for little (`coveredAges`). `maxSize` counts the points of one kind, sound and damaged together; damaged ones go first.
 * - Without own rules, partial and database points follow the main rules and expire after 30 days once a newer full point
 *   exists; incomplete ones go once a newer complete one of their scope exists, and until then the newest 3 stay for
 *   30 days, the newest of them always.
 *
 * @param timeZone in which hours, days, … are counted; an IANA name, by default the process's zone.
 * @throws AppError `usage` where a size or duration of the rules cannot be read; the schema admits none such.
 */
export function retain(all: readonly Snapshot[], rules: KeepRules, now: Date, timeZone?: string): readonly Verdict[] {
  const verdicts = new Map<Snapshot, Verdict>()
  const decide = (point: Snapshot, keep: boolean, ...reasons: string[]): void => {
    verdicts.set(point, { id: point.id, keep, reasons })
  }
  const judged: Snapshot[] = []
  for (const point of all) {
    if (point.slot === 'rolling') decide(point, true, 'rolling: only the next point of its weekday replaces it')
    else if (!(Date.parse(point.startedAt) <= now.getTime())) decide(point, true, `dated in the future (${point.startedAt}): a clock was wrong, so no rule can judge it`)
    else judged.push(point)
  }
  judged.sort(newestFirst)
  const newestComplete = firstOf(judged.filter((point) => point.complete && isSound(point)), scopeKey)
  const context: Context = { now, rules, bucketsOf: calendarBuckets(timeZone), newestComplete, ages: agesOf(judged, now), always: alwaysKept(judged, newestComplete) }
  for (const family of families(judged)) judgeFamily(family, context, decide)
  return all.flatMap((point) => verdicts.get(point) ?? [])
}

/** The sound and the damaged points of one application, scope and completeness. */
function judgeFamily(family: readonly Group[], context: Context, decide: (point: Snapshot, keep: boolean, ...reasons: string[]) => void): void {
  const kept: Snapshot[] = []
  const reasonsOf = new Map<Snapshot, readonly string[]>()
  let rules: GroupRules = context.rules
  for (const group of family) {
    const judgement = judgeGroup(group, context)
    rules = judgement.rules
    for (const point of group.points) {
      const always = context.always.get(point)
      const reasons = [...(always === undefined ? [] : [always]), ...(judgement.reasons.get(point) ?? [])]
      if (reasons.length === 0) decide(point, false, judgement.otherwise(point))
      else kept.push(point)
      reasonsOf.set(point, reasons)
    }
  }
  const tooMuch = overSize(kept, rules, context.always)
  for (const point of kept) {
    if (tooMuch.has(point)) decide(point, false, `over maxSize ${rules.maxSize}: ${isSound(point) ? 'the oldest go' : 'damaged ones go'} first (this one takes ${formatByteSize(point.sizeBytes)})`)
    else decide(point, true, ...(isSound(point) ? [] : [`damaged (found ${point.damagedAt}): counts for no rule of sound ones`]), ...(reasonsOf.get(point) ?? []))
  }
}

type Judgement = { readonly rules: GroupRules; readonly reasons: Reasons; otherwise(point: Snapshot): string }

function judgeGroup(group: Group, context: Context): Judgement {
  const { rules: main } = context
  const own = group.complete ? group.scope === 'full' ? main : main[group.scope] : main.incomplete
  if (own === undefined && !group.complete) return judgeIncomplete(group, context)
  const rules = own ?? main
  if (!saysWhatToKeep(rules)) {
    const reason = maxSizeBytes(rules) === undefined ? 'no rule says to keep anything, so nothing is removed' : `no rule but maxSize ${rules.maxSize}: kept while it fits`
    return { rules, reasons: new Map(group.points.map((point) => [point, [reason]])), otherwise: () => reason }
  }
  const reasons = applyRules(group.points, rules, context.bucketsOf)
  const expired = new Set(own === undefined ? group.points.filter((point) => isExpired(point, context)) : [])
  for (const point of expired) reasons.set(point, [])
  const word = group.damaged ? 'damaged' : group.complete ? scopeWords[group.scope] : 'incomplete'
  return {
    rules,
    reasons,
    otherwise: (point) => expired.has(point) ? `a ${word} point older than ${expiryDays} days, and a newer full one exists` : `no rule keeps it (${listRules(rules)})`,
  }
}

/** The rules for incomplete points where the configuration has none. */
function judgeIncomplete(group: Group, context: Context): Judgement {
  const reasons: Reasons = new Map()
  const newer = context.newestComplete.get(scopeKey(group))
  const standing = saysWhatToKeep(context.rules) || maxSizeBytes(context.rules) !== undefined
  let count = 0
  for (const point of group.points) {
    if (!standing) reasons.set(point, ['no rule says to keep anything, so nothing is removed'])
    else if (newer !== undefined && newestFirst(newer, point) < 0) continue
    else if (count++ === 0) reasons.set(point, ['incomplete, but there is no newer complete one'])
    else if (count <= incompleteCount && ageMs(point, context.now) <= expiryMs) reasons.set(point, [`incomplete, but among the newest ${incompleteCount} since the last complete one`])
  }
  return {
    rules: {},
    reasons,
    otherwise: (point) => newer !== undefined && newestFirst(newer, point) < 0
      ? 'incomplete, and a newer complete one exists'
      : `incomplete, and neither among the newest ${incompleteCount} nor younger than ${expiryDays} days`,
  }
}

/** Which of the kept points go so that the rest fits: damaged before sound, old before new, never the protected or the last. */
function overSize(kept: readonly Snapshot[], rules: GroupRules, always: ReadonlyMap<Snapshot, string>): ReadonlySet<Snapshot> {
  const limit = maxSizeBytes(rules)
  const gone = new Set<Snapshot>()
  if (limit === undefined) return gone
  const order = kept.toSorted((a, b) => Number(isSound(a)) - Number(isSound(b)) || newestFirst(b, a))
  let sizeBytes = kept.reduce((sum, point) => sum + point.sizeBytes, 0)
  for (const point of order.slice(0, -1)) {
    if (sizeBytes <= limit) break
    if (always.has(point)) continue
    gone.add(point)
    sizeBytes -= point.sizeBytes
  }
  return gone
}

function alwaysKept(judged: readonly Snapshot[], newestComplete: ReadonlyMap<string, Snapshot>): ReadonlyMap<Snapshot, string> {
  const always = new Map<Snapshot, string>()
  const verified = judged.filter((point) => point.verifiedAt !== undefined && isSound(point))
  // A complete one is preferred; an incomplete verified one is protected only where nothing better is.
  const newestVerified = firstOf([...verified.filter((point) => point.complete), ...verified], scopeKey)
  for (const point of newestVerified.values()) always.set(point, `the newest verified ${scopeWords[point.scope]} one`)
  for (const point of newestComplete.values()) {
    if (point.scope === 'full') always.set(point, 'the newest full one')
  }
  // An application without either still keeps something: the newest sound one, else the newest of all.
  const safe = new Set([...always.keys()].map(({ app }) => app))
  const rest = judged.filter(({ app }) => !safe.has(app))
  for (const point of firstOf([...rest.filter(isSound), ...rest], ({ app }) => app).values()) always.set(point, 'the only kind there is: the newest one stays')
  return always
}

function families(judged: readonly Snapshot[]): readonly (readonly Group[])[] {
  const byFamily = Map.groupBy(judged, (point) => `${scopeKey(point)}\0${point.complete}`)
  return [...byFamily.values()].map((family) => [...Map.groupBy(family, isSound)].map(([sound, points]) => {
    const { app = '', scope = 'full', complete = true } = points[0] ?? {}
    return { app, scope, complete, damaged: !sound, points }
  }))
}

/** Only where no own rules are given: old, and a full point covers it. */
function isExpired(point: Snapshot, context: Context): boolean {
  const full = context.newestComplete.get(scopeKey({ app: point.app, scope: 'full' }))
  return point.scope !== 'full' && full !== undefined && newestFirst(full, point) < 0 && (context.ages.get(point) ?? 0) > expiryMs
}

/** Over all points of an application, of whatever kind: they tell that time has passed. */
function agesOf(judged: readonly Snapshot[], now: Date): Context['ages'] {
  return new Map([...Map.groupBy(judged, ({ app }) => app).values()].flatMap((points) => [...coveredAges(points, now.getTime(), expiryMs)]))
}

/** Newest first; equal times are ordered by their end and their id, so that the verdicts never depend on the order given. */
function newestFirst(a: Snapshot, b: Snapshot): number {
  return Date.parse(b.startedAt) - Date.parse(a.startedAt) || Date.parse(b.finishedAt) - Date.parse(a.finishedAt) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)
}

function firstOf(points: readonly Snapshot[], keyOf: (point: Snapshot) => string): ReadonlyMap<string, Snapshot> {
  const first = new Map<string, Snapshot>()
  for (const point of points) if (!first.has(keyOf(point))) first.set(keyOf(point), point)
  return first
}

function scopeKey({ app, scope }: { readonly app: string; readonly scope: Scope }): string {
  return `${app}\0${scope}`
}

function isSound(point: Snapshot): boolean {
  return point.damagedAt === undefined
}

function ageMs(point: Snapshot, now: Date): number {
  return now.getTime() - Date.parse(point.startedAt)
}

function listRules(rules: GroupRules): string {
  const names = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'within'] as const
  return names.flatMap((name) => rules[name] === undefined || rules[name] === 0 ? [] : [`${name} ${rules[name]}`]).join(', ')
}
