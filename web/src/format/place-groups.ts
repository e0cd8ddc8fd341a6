import type { Discovered, PlaceFacts } from '../../../src/model/api/settings.ts'

type Owned = { readonly name: string; readonly places: readonly PlaceFacts[] }

/** One place, and what it is to the applications whose backups go there. */
export type PlaceGroup = Pick<PlaceFacts, 'name' | 'place' | 'freeBytes' | 'problem'> & {
  /** Names of applications, by whether theirs is the same disk. */
  readonly disks: Readonly<Record<PlaceFacts['disk'], readonly string[]>>
  /** Roots of applications that it lies inside of. */
  readonly inside: readonly string[]
}

/** The places of all these applications, each once. */
export function placeGroups(apps: readonly Owned[]): readonly PlaceGroup[] {
  const all = apps.flatMap((app) => app.places.map((facts) => ({ app: app.name, facts })))
  return [...Map.groupBy(all, ({ facts }) => `${facts.name}\0${facts.place}`).values()].flatMap((same) => {
    const [first] = same
    if (first === undefined) return []
    const { name, place, freeBytes } = first.facts
    const problem = same.find(({ facts }) => facts.problem !== undefined)?.facts.problem
    const of = (disk: PlaceFacts['disk']): readonly string[] => same.filter(({ facts }) => facts.disk === disk).map(({ app }) => app)
    return [{ name, place, disks: { same: of('same'), other: of('other'), unknown: of('unknown') }, inside: [...new Set(same.flatMap(({ facts }) => facts.inside ?? []))], ...(freeBytes === undefined ? {} : { freeBytes }), ...(problem === undefined ? {} : { problem }) }]
  })
}

/** The applications with one place instead of theirs, as it was tested for each of their roots. */
export function withTested(apps: readonly Discovered[], place: string, tested: readonly PlaceFacts[]): readonly Owned[] {
  return apps.map(({ name, root }) => ({ name, places: tested.filter((facts) => facts.name === root).map((facts) => ({ ...facts, name: place })) }))
}
