import { parseByteSize } from '../kit/byte-size.ts'
import { parseDuration } from '../kit/duration.ts'
import type { GroupRules } from '../model/keep-rules.ts'
import type { Snapshot } from '../model/restore-point.ts'
import { bucketNames } from './calendar-buckets.ts'
import type { Buckets } from './calendar-buckets.ts'
import { coveredAges } from './covered-ages.ts'

/** Why each point is kept; one that no rule keeps has no reasons. */
export type Reasons = Map<Snapshot, string[]>

const nouns = { hourly: 'hour', daily: 'day', weekly: 'week', monthly: 'month', yearly: 'year' } as const

/** True when some rule says to keep something. `maxSize` only says how much; `0` keeps nothing by itself. */
export function saysWhatToKeep(rules: GroupRules): boolean {
  return [rules.last, ...bucketNames.map((name) => rules[name])].some((count) => count !== undefined && count > 0) || withinMs(rules) > 0
}

/** The bytes that one kind may take, or undefined for no limit. */
export function maxSizeBytes(rules: GroupRules): number | undefined {
  const limit = rules.maxSize === undefined ? 0 : parseByteSize(rules.maxSize)
  return limit > 0 ? limit : undefined
}

/**
 * What restic's `forget` keeps of points of one kind, newest first: the newest of each of the last N hours, days, … that
 * have one; where there are fewer than asked for, the oldest point as well; `within` is measured from the newest point.
 * Source: restic's internal/data/snapshot_policy.go (ApplyPolicy). Other than there the newest point, whose clock may have been wrong,
 * makes none too old by itself: see `coveredAges`.
 */
export function applyRules(newestFirst: readonly Snapshot[], rules: GroupRules, bucketsOf: (at: Date) => Buckets): Reasons {
  const reasons: Reasons = new Map(newestFirst.map((point) => [point, []]))
  const say = (point: Snapshot | undefined, reason: string): void => {
    if (point !== undefined) reasons.get(point)?.push(reason)
  }
  const last = rules.last ?? 0
  for (const [index, point] of newestFirst.slice(0, last).entries()) say(point, `last ${last}: number ${index + 1} from the newest`)

  const buckets = new Map(newestFirst.map((point) => [point, bucketsOf(new Date(point.startedAt))]))
  for (const name of bucketNames) {
    const asked = rules[name] ?? 0
    let found = 0
    let previous: string | undefined
    for (const point of newestFirst) {
      if (found >= asked) break
      const bucket = buckets.get(point)?.[name]
      if (bucket !== previous) {
        found++
        say(point, `${name} ${asked}: the newest of its ${nouns[name]} ${bucket}`)
      } else if (point === newestFirst.at(-1)) {
        say(point, `${name} ${asked}: the oldest, as there are fewer ${nouns[name]}s than ${asked}`)
      }
      previous = bucket
    }
  }

  const [newest] = newestFirst
  const spanMs = withinMs(rules)
  if (newest !== undefined && spanMs > 0) {
    const ages = coveredAges(newestFirst, Date.parse(newest.startedAt), spanMs)
    for (const point of newestFirst) {
      if ((ages.get(point) ?? 0) > spanMs) continue
      const isNear = Date.parse(newest.startedAt) - Date.parse(point.startedAt) <= spanMs
      say(point, isNear ? `within ${rules.within} of the newest` : `within ${rules.within} of the newest, as a long time without any counts for little`)
    }
  }
  return reasons
}

function withinMs(rules: GroupRules): number {
  return rules.within === undefined ? 0 : parseDuration(rules.within)
}
