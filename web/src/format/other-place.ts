import type { Discovery } from '../../../src/model/api/settings.ts'
import { freeName, nameOfFolder } from './add-applications.ts'
import type { ConfigChange } from './json-value.ts'

type Place = { readonly name: string; readonly place: string }

type OtherPlace = {
  readonly changes: readonly ConfigChange[]
  /** The vault that stands for it; undefined where it is the one place of all. */
  readonly vault?: string
}

/**
 * The changes of the configuration that make a folder a place for new applications. Those that name no vaults go wherever the
 * configuration's place or all its vaults are: they are given the names of where they go now, as their restore points would not be
 * seen, or be made twice, otherwise.
 */
export function otherPlace(folder: string, vaults: readonly Place[], following: Discovery['following']): OtherPlace {
  if (vaults.length === 0 && following.length === 0) return { changes: [{ path: ['place'], value: folder }] }
  const same = vaults.find(({ place }) => place === folder)
  if (same !== undefined) return { changes: [], vault: same.name }
  const taken = new Set(vaults.map(({ name }) => name))
  const byPlace = new Map<string, string>()
  const made: ConfigChange[] = []
  const addVault = (name: string, place: string): string => {
    const free = freeName(name, taken)
    taken.add(free)
    byPlace.set(place, free)
    made.push({ path: ['vaults', free], value: { type: 'archive', place } })
    return free
  }
  const kept = following.map(({ app, vaults: goesTo }) => ({ path: ['apps', app, 'vaults'], value: goesTo.map(({ name, place }) => vaults.some((vault) => vault.name === name) ? name : byPlace.get(place) ?? addVault(name, place)) }))
  const vault = byPlace.get(folder) ?? addVault(nameOfFolder(folder, 'backups'), folder)
  return { changes: [...made, ...kept], vault }
}
