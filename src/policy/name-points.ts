import { fileSafe } from '../kit/file-safe.ts'
import type { WallClock } from '../kit/wall-clock.ts'
import type { Scope, Slot } from '../model/restore-point.ts'

/**
 * The default name of a restore point, without the format's extension: `demo_2026-11-20_134339` for a dated one,
 * `demo_rolling_5` (1 is Monday, 7 Sunday) for a rolling one; `_partial` or `_database` follows for those scopes, so that a
 * partial rolling point never replaces a full one. Two different applications never share a rolling name.
 */
export function namePoint(app: string, slot: Slot, scope: Scope, at: WallClock): string {
  const what = slot === 'rolling' ? `rolling_${at.weekday}` : `${at.year}-${at.month}-${at.day}_${at.hour}${at.minute}${at.second}`
  return `${fileSafe(app)}_${what}${scope === 'full' ? '' : `_${scope}`}`
}
