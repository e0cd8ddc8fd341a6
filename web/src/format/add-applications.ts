import type { Discovered } from '../../../src/model/api/settings.ts'
import type { ConfigChange, JsonObject } from './json-value.ts'

type Chosen = {
  readonly found: readonly Pick<Discovered, 'name' | 'root'>[]
  /** A folder of one's own; empty for none. */
  readonly ownFolder: string
  readonly isDaily: boolean
  /** Never given: the application of that name would be replaced. */
  readonly taken: readonly string[]
  /** The vaults that they go to, by name; undefined where they go to all, or to the one place. */
  readonly vaults?: readonly string[] | undefined
}

/** The changes of the configuration that add applications which were found, and perhaps a folder of one's own. No name is given twice. */
export function addApplications({ found, ownFolder, isDaily, taken, vaults }: Chosen): readonly ConfigChange[] {
  const used = new Set(taken)
  const own = ownFolder === '' ? [] : [{ name: nameOfFolder(ownFolder, 'app'), root: ownFolder }]
  return [...found, ...own].map(({ name, root }) => {
    const free = freeName(name, used)
    used.add(free)
    const value: JsonObject = { root, ...(vaults === undefined ? {} : { vaults: [...vaults] }), ...(isDaily ? { schedule: 'daily', expect: { every: '1d', verifiedWithin: '7d' } } : {}) }
    return { path: ['apps', free], value }
  })
}

/** A folder's own name, with what names of the configuration may hold. */
export function nameOfFolder(folder: string, otherwise: string): string {
  const last = folder.replace(/\/+$/, '').split('/').at(-1) ?? ''
  const name = last.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '').slice(0, 64)
  return name === '' ? otherwise : name
}

/** The name, with a number behind it where it is taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`
  return free
}
