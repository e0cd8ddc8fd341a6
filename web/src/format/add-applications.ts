import type { Discovered } from '../../../src/model/api/settings.ts'
import type { ConfigChange, JsonObject } from './json-value.ts'

/** The changes of the configuration that add applications which were found, and perhaps a folder of one's own. Names are never given twice, and never one that is `taken`: the application of that name would be replaced. */
export function addApplications(found: readonly Pick<Discovered, 'name' | 'root'>[], ownFolder: string, isDaily: boolean, taken: readonly string[]): readonly ConfigChange[] {
  const used = new Set(taken)
  const own = ownFolder === '' ? [] : [{ name: nameOf(ownFolder), root: ownFolder }]
  return [...found, ...own].map(({ name, root }) => {
    let free = name
    for (let number = 2; used.has(free); number++) free = `${name}-${number}`
    used.add(free)
    const value: JsonObject = { root, ...(isDaily ? { schedule: 'daily', expect: { every: '1d', verifiedWithin: '7d' } } : {}) }
    return { path: ['apps', free], value }
  })
}

/** A folder's own name, with what names of applications may hold. */
function nameOf(folder: string): string {
  const last = folder.replace(/\/+$/, '').split('/').at(-1) ?? ''
  const name = last.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '').slice(0, 64)
  return name === '' ? 'app' : name
}
