import { seededRandom } from '../../fixtures/seeded-random.ts'
import { bombCases } from './bomb-cases.ts'
import { linkCases } from './link-cases.ts'
import { nameCases } from './name-cases.ts'
import { pointCases } from './point-cases.ts'
import type { HostileCase } from './run-case.ts'
import { tarCases } from './tar-cases.ts'
import { zipCases } from './zip-cases.ts'

export const hostileCases: readonly HostileCase[] = [...nameCases, ...linkCases, ...tarCases, ...zipCases, ...pointCases, ...bombCases]

/** So many cases, the same for the same seed. */
export function someCases(count: number, seed: number): readonly HostileCase[] {
  const random = seededRandom(seed)
  return hostileCases.map((hostile) => ({ hostile, order: random() })).toSorted((a, b) => a.order - b.order).slice(0, count).map(({ hostile }) => hostile)
}
