import { hostname } from 'node:os'
import type { Snapshot } from '../model/restore-point.ts'
import type { Run } from '../model/run.ts'
import { isOwn, judgeOtherHosts } from '../policy/other-hosts.ts'

/** Whether a point was made by this machine, by its name: no other machine's is removed by rules or replaced by a rolling one. */
export function isOfThisHost(point: Snapshot): boolean {
  return isOwn(point, hostname())
}

/** Tells of points of the same application in one vault that are other machines'; with a warning where two work there at once. The new point itself is whole all the same. */
export function tellOfOtherHosts(before: readonly Snapshot[], all: readonly Snapshot[], vault: string, run: Run): void {
  const others = judgeOtherHosts(before, all, hostname(), run.now())
  if (others === undefined) return
  const hosts = [...others.hosts].join(', ')
  if (others.active) run.emit({ type: 'run.warning', code: 'vault.other-host', message: `${hosts} has made restore points of the same name in this place ("${vault}") since this machine's last one: two machines work there at once, and "latest" may be the other's. Give one of the two applications another name or place` })
  else run.emit({ type: 'run.note', code: 'vault.other-host', message: `${hosts} keeps restore points of the same name in this place ("${vault}"), which the rules of this machine leave alone. If it is this machine's former name, remove them with "holdfast forget" when you no longer need them; if it is another machine, give this application another name or place` })
}
