import type { Snapshot } from '../model/restore-point.ts'

/**
 * Whose restore points of an application must stay as they are in one vault. `first`: this host has made none there yet. `both`: others have
 * made some since this host's last one. Names and places are all that tell applications apart, so these may be another machine's.
 */
export type OtherHosts = { readonly kind: 'first' | 'both'; readonly hosts: ReadonlySet<string> }

/**
 * Judges points of one application: `own` before this run, `all` as they lie there now. Undefined where none are of other hosts, or
 * all of those are older than this host's last one: then it has moved here.
 */
export function judgeOtherHosts(own: readonly Snapshot[], all: readonly Snapshot[], host: string, now: Date): OtherHosts | undefined {
  // What another program made says of its host what its name says, and one from the future nothing of when this host was at work.
  const last = Math.max(...own.filter((point) => point.host === host && startedMs(point) <= now.getTime()).map(startedMs))
  const others = all.filter((point) => point.host !== host && point.foreign === undefined && startedMs(point) > last)
  if (others.length === 0) return undefined
  return { kind: Number.isFinite(last) ? 'both' : 'first', hosts: new Set(others.map((point) => point.host)) }
}

function startedMs({ startedAt }: Snapshot): number {
  return Date.parse(startedAt)
}
