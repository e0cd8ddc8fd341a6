import type { Config, VaultConfig } from './config-schema.ts'
import type { NewApplication } from './write-config.ts'

/**
 * How an application's configuration out of a restore point joins one that is there and does not know the application: its
 * section, and the vaults that are missing. `undefined` where the two do not fit together, so that something would be saved
 * elsewhere or otherwise than before: the same name for another destination or for one that is encrypted, packed or reached
 * otherwise; another place; a vault that other applications, which save to all vaults, would begin to save to.
 *
 * @param usualPlace where the application is saved when a configuration has neither vaults nor `place`.
 */
export function recoveredSection(there: Config, { apps, vaults, place }: Config, name: string, usualPlace: string): NewApplication | undefined {
  const app = apps[name]
  if (app === undefined) return undefined
  const used = Object.entries(vaults)
  const missing = used.filter(([vault]) => there.vaults[vault] === undefined)
  const differs = used.some(([vault, settings]) => !savesAlike(there.vaults[vault], settings))
  const otherPlace = used.length === 0 && (Object.keys(there.vaults).length > 0 || (place ?? usualPlace) !== (there.place ?? usualPlace))
  const spreads = missing.length > 0 && Object.values(there.apps).some((other) => other.vaults === undefined)
  if (differs || otherPlace || spreads) return undefined
  // "All vaults" was said of those that it had.
  const own = app.vaults === undefined && used.length > 0 ? { vaults: used.map(([vault]) => vault) } : {}
  return { name, app: { ...app, ...own }, vaults: Object.fromEntries(missing) }
}

/** Which password it is cannot be compared, as a restore point holds none: whether there is one can. */
function savesAlike(there: VaultConfig | undefined, recovered: VaultConfig): boolean {
  if (there === undefined) return true
  return there.type === recovered.type && there.place === recovered.place && there.format === recovered.format && there.reach === recovered.reach
    && (there.password === undefined) === (recovered.password === undefined)
}
