import { hostname } from 'node:os'
import type { Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import { judgeOtherHosts } from '../policy/other-hosts.ts'

/** Tells of a rolling point that the new one must not replace. */
export type Spares = (point: Snapshot) => boolean

/** Rolling points of one application that may be another machine's, by what lay in the vault before the new point. */
export function sparedOf(before: readonly Snapshot[], now: Date): Spares {
  const others = judgeOtherHosts(before, before, hostname(), now)
  return ({ host }) => others?.hosts.has(host) === true
}

/**
 * False, and told, where points of the same application in one vault may be another machine's: then none may be removed. A warning where that
 * is sure; the new point itself is whole all the same.
 */
export function tellOfOtherHosts(before: readonly Snapshot[], all: readonly Snapshot[], vault: string, run: Run): boolean {
  const others = judgeOtherHosts(before, all, hostname(), run.now())
  if (others === undefined) return true
  const hosts = [...others.hosts].join(', ')
  if (others.kind === 'first') {
    run.emit({ type: 'run.note', code: 'vault.other-host', message: `${hosts} keeps restore points of the same name in this place ("${vault}"); they are kept this time. If that is another machine, give this application another name or place` })
  } else {
    run.emit({ type: 'run.warning', code: 'vault.other-host', message: `${hosts} has made restore points of the same name in this place ("${vault}") since this machine's last one: two machines work there at once, and the rules of what to keep would remove each other's points. None is removed this time; give one of the two applications another name or place` })
  }
  return false
}
