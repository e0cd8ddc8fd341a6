import type { Config } from './config-schema.ts'
import type { NewApplication } from './write-config.ts'

/**
 * How an application's configuration out of a restore point joins one that is there and does not know the application: its
 * section, and the vaults that are missing. `undefined` where the two do not fit together: the same name for another
 * destination, or a vault that other applications, which save to all vaults, would begin to save to.
 */
export function recoveredSection(there: Config, { apps, vaults, place }: Config, name: string): NewApplication | undefined {
  const app = apps[name]
  if (app === undefined) return undefined
  const used = Object.entries(vaults)
  const missing = used.filter(([vault]) => there.vaults[vault] === undefined)
  const differs = used.some(([vault, settings]) => there.vaults[vault] !== undefined && there.vaults[vault].place !== settings.place)
  const otherPlace = used.length === 0 && place !== undefined && (place !== there.place || Object.keys(there.vaults).length > 0)
  const spreads = missing.length > 0 && Object.values(there.apps).some((other) => other.vaults === undefined)
  if (differs || otherPlace || spreads) return undefined
  // "All vaults" was said of those that it had.
  const own = app.vaults === undefined && used.length > 0 ? { vaults: used.map(([vault]) => vault) } : {}
  return { name, app: { ...app, ...own }, vaults: Object.fromEntries(missing) }
}
