import { readdirSync, readFileSync } from 'node:fs'
import { dlopen } from 'node:ffi'

export type StrayProcess = { readonly pid: number; readonly command: string }

const setChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER, <sys/prctl.h>

/** From here on a process whose parent has died becomes our child instead of init's, so that `descendants` sees it. */
export function adoptOrphans(): void {
  using libc = dlopen('libc.so.6', { prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' } })
  if (libc.functions.prctl(setChildSubreaper, 1n, 0n, 0n, 0n) !== 0) throw new Error('the kernel refused PR_SET_CHILD_SUBREAPER')
}

/** Every living process below us, children first. */
export function descendants(): StrayProcess[] {
  const children = new Map<number, StrayProcess[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const seen = look(Number(name))
    if (seen !== undefined) children.set(seen.parent, [...(children.get(seen.parent) ?? []), seen])
  }
  const found: StrayProcess[] = []
  const queue = [process.pid]
  for (const parent of queue) {
    for (const child of children.get(parent) ?? []) {
      found.push({ pid: child.pid, command: child.command })
      queue.push(child.pid)
    }
  }
  return found
}

/** Ends every process below us, also those that our children start meanwhile. */
export function endDescendants(): void {
  for (let round = 0; round < 20; round++) {
    const left = descendants()
    if (left.length === 0) return
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // ESRCH: it has ended by itself.
      }
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

/** Undefined for a process that is gone or has ended and waits to be reaped. */
function look(pid: number): (StrayProcess & { parent: number }) | undefined {
  try {
    // pid (name, which may hold anything) state ppid …
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ')
    if (state === 'Z' || state === 'X') return undefined
    return { pid, parent: Number(parent), command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }
  } catch {
    return undefined
  }
}
