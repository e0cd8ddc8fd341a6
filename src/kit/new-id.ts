import { randomBytes } from 'node:crypto'

/** A new random identifier: 16 lower-case hex digits (64 bits), as restore points and runs carry it. */
export function newId(): string {
  return randomBytes(8).toString('hex')
}
