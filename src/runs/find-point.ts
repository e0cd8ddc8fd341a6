import { AppError } from '../kit/app-error.ts'
import type { Snapshot } from '../model/restore-point.ts'
import { isFuture } from '../policy/is-future.ts'

/**
 * The point that a user means: an id or its beginning (4 digits at least), the name of its archive, or `latest`: the
 * newest complete full one that is not known to be damaged — or, where there is none, the newest of any kind. What is dated
 * in the future, after `now`, is taken only where nothing else is sound: a clock was wrong, and how old it is cannot be known.
 *
 * @throws AppError `vault.empty`, `vault.unknown-point`, `vault.ambiguous-point`, `app.ambiguous` where `latest` could be
 *   one of several applications.
 */
export function findPoint<Point extends Snapshot>(points: readonly Point[], wanted: string, now: Date): Point {
  if (points.length === 0) throw new AppError('vault.empty', 'There are no restore points here', { hint: 'Check the place (--from) and the application (--app), or make a backup first.' })
  if (wanted === 'latest') return latest(points, now)
  const named = points.filter(({ id, key }) => id === wanted || key === wanted || key.endsWith(`/${wanted}`))
  const found = named.length > 0 ? named : /^[0-9a-f]{4,16}$/.test(wanted) ? points.filter(({ id }) => id.startsWith(wanted)) : []
  const [only] = found
  if (only === undefined) throw new AppError('vault.unknown-point', `There is no restore point "${wanted}" here`, { hint: 'See "holdfast list" for the ids.' })
  if (found.length > 1) throw new AppError('vault.ambiguous-point', `"${wanted}" fits ${found.length} restore points: ${found.slice(0, 5).map(({ id }) => id).join(', ')}`, { hint: 'Give more digits of the id.' })
  return only
}

function latest<Point extends Snapshot>(points: readonly Point[], now: Date): Point {
  const apps = [...new Set(points.map(({ app }) => app))]
  if (apps.length > 1) throw new AppError('app.ambiguous', `There are restore points of several applications here: ${apps.sort().join(', ')}`, { hint: 'Name one with --app.' })
  const newestFirst = points.toSorted((a, b) => b.startedAt.localeCompare(a.startedAt) || a.slot.localeCompare(b.slot))
  const sound = newestFirst.filter(({ damagedAt }) => damagedAt === undefined)
  const timely = (all: readonly Point[]): readonly Point[] => all.filter(({ startedAt }) => !isFuture(Date.parse(startedAt), now))
  const found = best(timely(sound)) ?? best(sound) ?? timely(newestFirst)[0] ?? newestFirst[0]
  if (found === undefined) throw new AppError('vault.empty', 'There are no restore points here')
  return found
}

function best<Point extends Snapshot>(soundNewestFirst: readonly Point[]): Point | undefined {
  return soundNewestFirst.find(({ complete, scope }) => complete && scope === 'full') ?? soundNewestFirst[0]
}
