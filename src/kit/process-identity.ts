import { readFileSync } from 'node:fs'

/** A process that cannot be taken for another one later: ids are used again, its start time with the boot is not. */
export type ProcessIdentity = { readonly pid: number; readonly start: string }

/** The identity of a living process, or undefined where there is none. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const ticks = processStartTicks(pid)
  return ticks === undefined ? undefined : { pid, start: `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}:${ticks}` }
}

/** Whether that very process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return processIdentity(identity.pid)?.start === identity.start
}

/** Clock ticks from boot to the process's start (proc(5), /proc/PID/stat, field 22); undefined where there is no such process. */
export function processStartTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name in brackets may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    // A zombie has ended; only its parent has not looked yet.
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[19])
  } catch {
    return undefined
  }
}
