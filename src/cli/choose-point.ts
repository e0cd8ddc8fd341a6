import { statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../kit/app-error.ts'
import type { Run } from '../model/run.ts'
import { isFuture } from '../policy/is-future.ts'
import type { NamedVault } from '../runs/backup.ts'
import { findPoint } from '../runs/find-point.ts'
import { knownPoints } from '../runs/setup.ts'
import type { KnownPoint } from '../runs/setup.ts'
import type { Output } from './output.ts'
import { localTime, pointKind, pointState } from './point-words.ts'

/** An archive that lies at a place and cannot even be listed: of which application and time it is cannot be known. */
type UnreadableArchive = { readonly path: string; readonly code: string; readonly message: string }

/** `unlisted`: sentences about folders that may not be read, so that what is found is not all. */
export type FoundPoints = { readonly points: readonly KnownPoint[]; readonly unreadable: readonly UnreadableArchive[]; readonly unlisted: readonly string[] }

/** As knownPoints, and what lies there that should be a restore point and cannot be read. */
export async function findPoints(vaults: readonly NamedVault[], app: string | undefined, run: Run): Promise<FoundPoints> {
  const unreadable: UnreadableArchive[] = []
  const unlisted: string[] = []
  const lists = await Promise.all(vaults.map(async (vault) => knownPoints([vault], app, {
    signal: run.signal,
    now: () => run.now(),
    emit(event) {
      if (event.type === 'run.note' && event.code === 'vault.unlisted') unlisted.push(event.message)
      else if (event.type === 'run.note' && event.path !== undefined) unreadable.push({ path: join(vault.place, event.path), code: event.code, message: event.message })
      run.emit(event)
    },
  })))
  return { points: lists.flat().sort((a, b) => b.startedAt.localeCompare(a.startedAt)), unreadable, unlisted }
}

/**
 * The point that a user means. What `latest` passes over is told: who asks for the latest and gets an older one must know.
 * @throws AppError as findPoint.
 */
export function namedPoint(points: readonly KnownPoint[], what: string, output: Output): KnownPoint {
  const now = new Date()
  const chosen = findPoint(points, what, now)
  if (what === 'latest') tellPassedOver(output, points, chosen, now)
  return chosen
}

function tellPassedOver(output: Output, points: readonly KnownPoint[], chosen: KnownPoint, now: Date): void {
  const warn = (text: string): void => output.say(`${output.paint('yellow', 'warning:')} ${text}`)
  for (const point of points) {
    if (point.app !== chosen.app || point.startedAt <= chosen.startedAt) continue
    const why = isDatedInFuture(point, now) ? 'it is dated in the future, as a clock was wrong' : `${pointState(point)}, ${pointKind(point)}`
    warn(`the newer restore point ${point.id} of ${localTime(point.startedAt)} is passed over: ${why}`)
  }
  if (isDatedInFuture(chosen, now)) warn(`the restore point ${chosen.id} is dated in the future (${localTime(chosen.startedAt)}): a clock was wrong, and how old it is cannot be known`)
}

function isDatedInFuture({ startedAt }: KnownPoint, now: Date): boolean {
  return isFuture(Date.parse(startedAt), now)
}

/**
 * As namedPoint, where the point is to be relied on: `latest` is refused while something that cannot be read may be
 * newer, because an older point would otherwise stand for it in silence.
 * @throws AppError as namedPoint; `archive.damaged`, `archive.password`.
 */
export function choosePoint({ points, unreadable }: FoundPoints, what: string, output: Output): KnownPoint {
  if (what !== 'latest' || unreadable.length === 0) return namedPoint(points, what, output)
  const now = new Date()
  const latest = points.length === 0 ? undefined : findPoint(points, what, now)
  const newer = unreadable.find(({ path }) => latest === undefined || mayBeNewer(path, latest, now))
  if (newer !== undefined) {
    throw new AppError(newer.code === 'archive.password' ? 'archive.password' : 'archive.damaged', `${newer.message}${latest === undefined ? '' : `. It may be newer than ${latest.key}, so that which restore point is the latest cannot be known`}`, {
      hint: latest === undefined ? 'Give the right password, or use another copy of it.' : 'Name a restore point by its id (see "holdfast list"), or move away what is damaged.',
    })
  }
  return namedPoint(points, what, output)
}

/** An archive is written when its backup ends. A folder's time is that of what it holds, and says nothing. */
function mayBeNewer(path: string, point: KnownPoint, now: Date): boolean {
  // A date that is wrong is no measure.
  if (isDatedInFuture(point, now)) return true
  const stat = statSync(path, { throwIfNoEntry: false })
  return stat === undefined || stat.isDirectory() || stat.mtimeMs >= Date.parse(point.startedAt)
}
