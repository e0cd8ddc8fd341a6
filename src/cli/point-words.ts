import { formatByteSize } from '../kit/byte-size.ts'
import type { KnownPoint } from '../runs/setup.ts'
import { table } from './output.ts'

/** Restore points as a table for people. */
export function pointTable(points: readonly KnownPoint[]): string {
  const vaults = new Set(points.map(({ vault }) => vault))
  const hosts = new Set(points.map(({ host }) => host))
  const head = ['ID', 'DATE', 'APP', ...(hosts.size > 1 ? ['HOST'] : []), 'KIND', 'SIZE', 'CONTENT', 'STATE', ...(vaults.size > 1 ? ['VAULT'] : []), 'FILE']
  return table(head, points.map((point) => [
    point.id,
    localTime(point.startedAt),
    point.app,
    ...(hosts.size > 1 ? [point.host] : []),
    pointKind(point),
    formatByteSize(point.sizeBytes),
    formatByteSize(point.contentBytes),
    pointState(point),
    ...(vaults.size > 1 ? [point.vault] : []),
    point.key,
  ]))
}

/** `full`, `partial`, `database`, with what sets it apart. */
export function pointKind(point: Pick<KnownPoint, 'scope' | 'slot' | 'encrypted' | 'foreign'>): string {
  return `${point.scope}${point.slot === 'rolling' ? ', rolling' : ''}${point.encrypted ? ', encrypted' : ''}${point.foreign?.source === undefined ? '' : ', from another program'}`
}

/** What is known of its soundness, the worst first. */
export function pointState(point: Pick<KnownPoint, 'complete' | 'damagedAt' | 'verifiedAt' | 'warnings' | 'foreign'>): string {
  if (point.damagedAt !== undefined) return 'DAMAGED'
  // What it holds was read; what the program that made it left out, nobody knows.
  if (point.foreign !== undefined && !point.complete) return point.verifiedAt === undefined ? 'foreign' : 'foreign, readable'
  if (!point.complete) return `incomplete (${point.warnings} warnings)`
  return point.verifiedAt === undefined ? 'not verified' : 'verified'
}

/** `2026-11-20 13:43`, in the local zone. */
export function localTime(instant: string): string {
  const at = new Date(instant)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`
}
