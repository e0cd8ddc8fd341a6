import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { AppError } from '../kit/app-error.ts'
import type { VaultPlan } from './application.ts'

type Same = { readonly first: VaultPlan; readonly second: VaultPlan }

/** Two vaults whose places are one folder, by whatever paths: a second copy there is none. */
export function oneFolder(plans: readonly VaultPlan[]): Same | undefined {
  const seen = new Map<string, VaultPlan>()
  for (const plan of plans) {
    const identity = identityOf(plan.place)
    const first = seen.get(identity)
    if (first !== undefined) return { first, second: plan }
    seen.set(identity, plan)
  }
  return undefined
}

/** @throws AppError `config.invalid` where two of the vaults are one folder. */
export function requireSeparate(plans: readonly VaultPlan[]): void {
  const same = oneFolder(plans)
  if (same === undefined) return
  throw new AppError('config.invalid', sameFolderMessage(same), { hint: 'Give one of them a place of its own, best on another disk, or leave it out.' })
}

export function sameFolderMessage({ first, second }: Same): string {
  const places = first.place === second.place ? first.place : `${first.place}, ${second.place}`
  return `The vaults "${first.name}" and "${second.name}" are one folder (${places}): two copies there are lost together`
}

/** By what it is, where it is there, for a link or a bind mount gives it further paths; else by where it will be made. */
function identityOf(place: string): string {
  try {
    const stat = statSync(place, { bigint: true, throwIfNoEntry: false })
    if (stat !== undefined) return `${stat.dev}:${stat.ino}`
  } catch {
    // Not to be reached: opening it tells why.
    return place
  }
  return dirname(place) === place ? place : `${identityOf(dirname(place))}/${basename(place)}`
}
