import type { Snapshot } from '../model/restore-point.ts'

/**
 * Whose points of an application lie in one vault beside this host's. Names and places are all that tell applications apart, so they may be
 * another machine's, and no rule may remove them. `active`: some were made since this host's last one, so that two machines work there.
 */
export type OtherHosts = { readonly hosts: ReadonlySet<string>; readonly active: boolean }

/** Judges points of one application: `before` this run, `all` as they lie there now. Undefined where all are this host's. */
export function judgeOtherHosts(before: readonly Snapshot[], all: readonly Snapshot[], host: string, now: Date): OtherHosts | undefined {
  const others = all.filter((point) => !isOwn(point, host))
  if (others.length === 0) return undefined
  // One from the future says nothing of when this host was at work.
  const last = Math.max(...before.filter((point) => point.host === host && startedMs(point) <= now.getTime()).map(startedMs))
  return { active: Number.isFinite(last) && others.some((point) => startedMs(point) > last), hosts: new Set(others.map((point) => point.host)) }
}

/** What another program made says of its host what its name says: it is whose it is that imported it. */
export function isOwn({ host, foreign }: Snapshot, here: string): boolean {
  return host === here || foreign !== undefined
}

function startedMs({ startedAt }: Snapshot): number {
  return Date.parse(startedAt)
}
