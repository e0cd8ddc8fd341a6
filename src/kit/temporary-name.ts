import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { newId } from './new-id.ts'
import { processStartTicks } from './process-identity.ts'

export const temporaryPrefix = '.holdfast-tmp-'

const pattern = /^\.holdfast-tmp-([0-9a-f]{8})-(\d+)-(\d+)-[0-9a-f]{16}$/
// A temporary of another machine says nothing of its process; nothing that is still written stays untouched this long.
const foreignStaleMs = 7 * 24 * 3600 * 1000

/** A new name for something unfinished; it tells which process makes it. */
export function temporaryName(): string {
  return `${temporaryPrefix}${machine()}-${process.pid}-${processStartTicks(process.pid) ?? 0}-${newId()}`
}

/** True where the temporary of this name was left behind: its process has ended, or it is of another machine and old. */
export function isStaleTemporary(name: string, modifiedAt: Date, now: Date): boolean {
  const [, tag, pid, started] = pattern.exec(name) ?? []
  if (tag === undefined) return false
  if (tag !== machine()) return now.getTime() - modifiedAt.getTime() > foreignStaleMs
  return processStartTicks(Number(pid)) !== Number(started)
}

/** Process ids mean something only within one machine and one container. */
function machine(): string {
  let space = ''
  try {
    space = readlinkSync('/proc/self/ns/pid')
  } catch {
    // Without /proc the host name alone must tell machines apart.
  }
  return createHash('sha256').update(`${hostname()}\0${space}`).digest('hex').slice(0, 8)
}
