import { readFileSync } from 'node:fs'
import type { KillPoint } from './program.ts'

/** What changes something on a disk, or waits until it is there. */
export const tracedCalls = ['write', 'pwrite64', 'rename', 'renameat', 'renameat2', 'link', 'linkat', 'unlink', 'unlinkat', 'fsync', 'fdatasync', 'mkdir', 'mkdirat', 'openat', 'ftruncate', 'rmdir', 'fchmod', 'utimensat', 'syncfs', 'close'] as const

/**
 * Chooses calls to kill at, each name as often as the others, from a profile of the same command: those from the first line
 * that `begins` matches to the end of the run. A number counts within one thread, and the first thread that comes to it is hit.
 */
export function chooseCalls(profileFile: string, begins: RegExp, count: number, random: () => number): KillPoint[] {
  const candidates = candidateCalls(readFileSync(profileFile, 'latin1').split('\n'), begins)
  const names = [...candidates.keys()].sort()
  if (names.length === 0) throw new Error(`the profile ${profileFile} shows no call after ${String(begins)}`)
  const offset = Math.floor(random() * names.length)
  return Array.from({ length: count }, (_, index) => {
    const call = names[(index + offset) % names.length] ?? ''
    const numbers = candidates.get(call) ?? []
    return { kind: 'call', call, nth: numbers[Math.floor(random() * numbers.length)] ?? 1 }
  })
}

function candidateCalls(lines: readonly string[], begins: RegExp): Map<string, number[]> {
  const counts = new Map<string, number>()
  const before = new Map<string, number>()
  const chosen = new Map<string, Set<number>>()
  let begun = false
  for (const line of lines) {
    const [, thread, call] = /^(\d+)\s+(\w+)\(/.exec(line) ?? []
    if (thread === undefined || call === undefined) continue
    const count = (counts.get(`${thread} ${call}`) ?? 0) + 1
    counts.set(`${thread} ${call}`, count)
    // What comes after is Node's own, its cache of compiled code for one, and differs from run to run.
    if (/^\d+\s+write\(.*run\.finished/.test(line)) break
    begun ||= begins.test(line)
    if (!begun) before.set(call, Math.max(before.get(call) ?? 0, count))
    else if (count > (before.get(call) ?? 0)) chosen.set(call, (chosen.get(call) ?? new Set()).add(count))
  }
  return new Map([...chosen].map(([call, numbers]) => [call, [...numbers]]))
}

export function pointName(point: KillPoint): string {
  return point.kind === 'call' ? `${point.call} ${point.nth}` : `phase ${point.phase} +${point.delayMs} ms`
}
