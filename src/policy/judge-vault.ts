import { formatByteSize, parseByteSize } from '../kit/byte-size.ts'
import { formatDuration, parseDuration } from '../kit/duration.ts'
import type { Expectations } from '../model/expectations.ts'
import type { Scope, Snapshot } from '../model/restore-point.ts'
import type { StatusReason, VaultStatus } from '../model/status.ts'
import { findShrink } from './find-shrink.ts'
import type { Schedule } from './schedule.ts'
import { judgeAge } from './judge-age.ts'
import { clockToleranceMs, isFuture } from './is-future.ts'

/** A restore point that the journals know. */
export type KnownPoint = { readonly id: string; readonly key: string }

export type VaultInput = {
  readonly vault: { readonly name: string } & ({ readonly snapshots: readonly Snapshot[]; readonly unlisted?: readonly string[] } | { readonly problem: string })
  readonly expect: Expectations
  readonly schedule?: Schedule | undefined
  readonly scope: Scope
  readonly known: readonly KnownPoint[]
  /** Names the vault in messages, where there are several: ` in nas`. */
  readonly label: string
}
export type VaultJudgement = { readonly status: VaultStatus; readonly reasons: readonly StatusReason[] }

type Facts = Omit<VaultInput, 'vault'> & { readonly name: string; readonly all: readonly Snapshot[]; readonly good: readonly Snapshot[]; readonly unlisted: readonly string[]; readonly now: Date }

/** Judges what lies in one vault against the expectations. */
export function judgeVault({ vault, ...input }: VaultInput, now: Date): VaultJudgement {
  const { name } = vault
  if ('problem' in vault) return unreachable(name, vault.problem)
  const unlisted = vault.unlisted ?? []
  // Whether there is none, or none that may be seen, is not known.
  if (unlisted.length > 0 && vault.snapshots.length === 0) return unreachable(name, `${unlisted.join(', ')} may not be read`)
  const all = vault.snapshots.toSorted((a, b) => startedMs(b) - startedMs(a))
  const good = goodOf(all, input.scope, now)
  const facts: Facts = { ...input, name, all, good, unlisted, now }
  const [newest] = good
  return {
    status: {
      name,
      reachable: true,
      points: all.length,
      sizeBytes: all.reduce((sum, point) => sum + point.sizeBytes, 0),
      ...(newest === undefined ? {} : { newest: pickNewest(newest) }),
    },
    reasons: [...judgeFreshness(facts), ...judgeSize(facts), ...judgeVerified(facts), ...judgeSoundness(facts), ...judgeMissing(facts), ...judgeUnlisted(facts), ...judgeClock(facts)],
  }
}

function unreachable(name: string, problem: string): VaultJudgement {
  return {
    status: { name, reachable: false, points: 0, sizeBytes: 0 },
    reasons: [{ code: 'vault-unreachable', severity: 'failed', message: `The vault ${name} cannot be read: ${problem}`, vault: name }],
  }
}

/** What `judgeVault` says of the newest point's size: below `minSize`, or shrunk by more than `maxShrink`. */
export function judgeNewestSize(snapshots: readonly Snapshot[], { expect, scope, name }: { readonly expect: Expectations; readonly scope: Scope; readonly name: string }, now: Date): readonly StatusReason[] {
  const all = snapshots.toSorted((a, b) => startedMs(b) - startedMs(a))
  return judgeSize({ expect, scope, name, now, all, good: goodOf(all, scope, now), known: [], unlisted: [], label: '' })
}

function goodOf(newestFirst: readonly Snapshot[], scope: Scope, now: Date): readonly Snapshot[] {
  return newestFirst.filter((point) => point.complete && point.damagedAt === undefined && point.scope === scope && !isFuture(startedMs(point), now))
}

function judgeFreshness(facts: Facts): readonly StatusReason[] {
  const { expect, schedule, good: [newest], all, label, now, scope } = facts
  if (newest === undefined) {
    const what = all.length === 0 ? `There is no restore point${label}.` : `There is no complete, undamaged ${scope} restore point${label}.`
    return [reason(facts, 'vault-empty', 'failed', what)]
  }
  const verdict = judgeAge({ every: expect.every, schedule, good: facts.good }, now)
  if (verdict === undefined) return []
  return [reason(facts, 'overdue', verdict.severity, `Overdue${label}: the last complete ${scope} restore point is ${formatDuration(now.getTime() - startedMs(newest))} old, ${verdict.why}.`)]
}

function judgeSize(facts: Facts): readonly StatusReason[] {
  const { expect: { minSize, maxShrink }, good: [newest], label } = facts
  if (newest === undefined) return []
  const reasons: StatusReason[] = []
  const holds = `the newest restore point${label} holds ${formatByteSize(newest.contentBytes)}`
  if (minSize !== undefined && newest.contentBytes < parseByteSize(minSize)) reasons.push(reason(facts, 'too-small', 'failed', `Too small: ${holds}, expected are at least ${minSize}.`))
  const shrink = maxShrink === undefined ? undefined : findShrink(sizesUpTo(newest, facts), Number.parseInt(maxShrink, 10))
  if (maxShrink !== undefined && shrink !== undefined) {
    const percent = Math.floor((1 - newest.contentBytes / shrink.usualBytes) * 100)
    reasons.push(reason(facts, 'shrunk', 'failed', `Shrunk by ${percent}%: ${holds}, the earlier ones usually ${formatByteSize(shrink.usualBytes)}; expected is at most ${maxShrink} less. If that is right, set expect.usualSince to ${shrink.since}.`))
  }
  return reasons
}

/** What points of the expected scope held, oldest first, the newest good one at the end: a damaged one, too, tells how much there was. */
function sizesUpTo(newest: Snapshot, { all, scope, expect: { usualSince }, now }: Facts): readonly Snapshot[] {
  const accepted = usualSince === undefined ? Number.NaN : Date.parse(usualSince)
  // A day that has not come accepts nothing yet.
  const since = accepted <= now.getTime() ? accepted : Number.NEGATIVE_INFINITY
  const seen = all.filter((point) => point.complete && point.scope === scope && startedMs(point) >= since && startedMs(point) < startedMs(newest))
  return [...new Map(seen.map((point) => [point.startedAt, point])).values()].toReversed().concat(newest)
}

function judgeVerified(facts: Facts): readonly StatusReason[] {
  const { expect: { verifiedWithin }, good, label, now } = facts
  if (verifiedWithin === undefined || good.length === 0) return []
  const verified = good.flatMap(({ verifiedAt }) => verifiedAt === undefined ? [] : Date.parse(verifiedAt)).filter((at) => at <= now.getTime() + clockToleranceMs)
  if (verified.length === 0) return [reason(facts, 'unverified', 'warning', `No restore point${label} was ever verified; expected is within ${verifiedWithin}.`)]
  const ageMs = now.getTime() - Math.max(...verified)
  if (ageMs <= parseDuration(verifiedWithin)) return []
  return [reason(facts, 'unverified', 'warning', `The last verification${label} was ${formatDuration(ageMs)} ago, expected is within ${verifiedWithin}.`)]
}

function judgeSoundness(facts: Facts): readonly StatusReason[] {
  const { all, good: [good], label } = facts
  const reasons: StatusReason[] = []
  const damaged = all.filter(({ damagedAt }) => damagedAt !== undefined)
  const since = good === undefined ? Number.NEGATIVE_INFINITY : Date.parse(good.startedAt)
  if (damaged.length > 0) {
    const newestIs = damaged.some(({ startedAt }) => Date.parse(startedAt) >= since)
    const count = damaged.length === 1 ? '1 restore point is' : `${damaged.length} restore points are`
    reasons.push(reason(facts, 'damaged', newestIs ? 'failed' : 'warning', `${count} damaged${label}${newestIs ? ', among them the newest' : ''}.`))
  }
  const incomplete = all.find((point) => !point.complete && point.scope === facts.scope && !isFuture(startedMs(point), facts.now))
  if (incomplete !== undefined && Date.parse(incomplete.startedAt) > since) {
    reasons.push(reason(facts, 'incomplete', 'warning', `The newest restore point${label} is incomplete: something could not be read.`))
  }
  return reasons
}

/** Which of the points that journals know do not lie there: neither they nor, for rolling ones, what has replaced them. */
export function missingPoints<Point extends KnownPoint>(known: readonly Point[], there: readonly KnownPoint[], unlisted: readonly string[] = []): readonly Point[] {
  const ids = new Set(there.map(({ id }) => id))
  const keys = new Set(there.map(({ key }) => key))
  const mayBeThere = (key: string): boolean => unlisted.some((folder) => key === folder || key.startsWith(`${folder}/`))
  return known.filter(({ id, key }) => !ids.has(id) && !keys.has(key) && !mayBeThere(key))
}

function judgeMissing(facts: Facts): readonly StatusReason[] {
  if (facts.known.length === 0) return []
  const missing = missingPoints(facts.known, facts.all, facts.unlisted)
  if (missing.length === 0) return []
  const named = missing.slice(0, 3)
  const names = named.map(({ key }) => key).join(', ')
  const count = missing.length === 1 ? '1 restore point that was saved is' : `${missing.length} restore points that were saved are`
  return [reason(facts, 'missing', 'failed', `${count} no longer there${facts.label}: ${names}${missing.length > 3 ? ', …' : ''}. If that is right, say so with "holdfast forget ${named.map(({ id }) => id).join(' ')}".`)]
}

function judgeUnlisted(facts: Facts): readonly StatusReason[] {
  const { unlisted, name } = facts
  if (unlisted.length === 0) return []
  return [reason(facts, 'vault-unreachable', 'warning', `Not all of the vault ${name} can be read: what lies in ${unlisted.slice(0, 3).join(', ')}${unlisted.length > 3 ? ', …' : ''} is not known, and rules of what to keep are not applied.`)]
}

function judgeClock(facts: Facts): readonly StatusReason[] {
  const future = facts.all.filter((point) => isFuture(startedMs(point), facts.now)).length
  if (future === 0) return []
  return [reason(facts, 'clock', 'warning', `${future === 1 ? '1 restore point is' : `${future} restore points are`} dated in the future${facts.label}: a clock was wrong, so ${future === 1 ? 'it does' : 'they do'} not count.`)]
}

/** Parsed once: the same tens of thousands of points are judged at each question. */
const parsed = new WeakMap<Snapshot, number>()

function startedMs(point: Snapshot): number {
  const known = parsed.get(point)
  if (known !== undefined) return known
  const ms = Date.parse(point.startedAt)
  parsed.set(point, ms)
  return ms
}

function reason(facts: Facts, code: StatusReason['code'], severity: StatusReason['severity'], message: string): StatusReason {
  return { code, severity, message, vault: facts.name }
}

function pickNewest({ id, startedAt, scope, sizeBytes, contentBytes, verifiedAt }: Snapshot): NonNullable<VaultStatus['newest']> {
  return { id, startedAt, scope, sizeBytes, contentBytes, ...(verifiedAt === undefined ? {} : { verifiedAt }) }
}
