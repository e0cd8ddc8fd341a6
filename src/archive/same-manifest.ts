import { hash } from 'node:crypto'
import type { Manifest } from '../model/restore-point.ts'
import { damaged } from './damaged.ts'

/** A manifest as a hash: the manifest itself may be large. */
export function markOf(manifest: Manifest): string {
  return hash('sha256', JSON.stringify(manifest))
}

/** Refuses a manifest that is not the one with this mark; without a mark any is taken. @throws AppError `archive.damaged`. */
export function requireGiven(manifest: Manifest, mark: string | undefined, name: string): void {
  if (mark !== undefined && mark !== markOf(manifest)) throw damaged(`the records in ${name} are others than those that were read at first`)
}
