import type { Config, VaultConfig } from '../config/config-schema.ts'
import { configuredApplication } from './application.ts'

/** Vaults to add, and the names of those that applications are to name from now on. */
export type Pins = { readonly vaults: Readonly<Record<string, VaultConfig>>; readonly apps: Readonly<Record<string, readonly string[]>> }

/**
 * What keeps the applications where they are when a vault is added: those that name no vaults go to all there are, and a first one would
 * take them away from where their restore points lie.
 * @param taken names that the new vaults have.
 */
export function pinFollowers(config: Config | undefined, defaultPlace: string, taken: readonly string[]): Pins {
  const vaults: Record<string, VaultConfig> = {}
  const apps: Record<string, readonly string[]> = {}
  if (config === undefined) return { vaults, apps }
  const names = new Set([...taken, ...Object.keys(config.vaults)])
  const byPlace = new Map<string, string>()
  const vaultAt = (place: string): string => {
    const known = byPlace.get(place)
    if (known !== undefined) return known
    let name = 'default'
    for (let number = 2; names.has(name); number++) name = `default-${number}`
    names.add(name)
    byPlace.set(place, name)
    vaults[name] = { type: 'archive', place }
    return name
  }
  for (const [name, app] of Object.entries(config.apps)) {
    if (app.vaults !== undefined) continue
    apps[name] = Object.keys(config.vaults).length > 0 ? Object.keys(config.vaults) : configuredApplication(name, config, defaultPlace).vaults.map(({ place }) => vaultAt(place))
  }
  return { vaults, apps }
}
