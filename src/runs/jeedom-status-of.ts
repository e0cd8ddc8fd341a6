import { reachOfFolder } from '../disk/reach-of-folder.ts'
import { parseByteSize } from '../kit/byte-size.ts'
import type { DestinationState } from '../model/api/overview.ts'
import type { Expectations } from '../model/expectations.ts'
import { judgeStatus } from '../policy/judge-status.ts'
import type { JeedomStatus } from '../report/jeedom-status.ts'
import { jeedomStatus } from '../report/jeedom-status.ts'
import type { Application } from './application.ts'
import type { GatheredStatus } from './gather-status.ts'

/** Where an application's places lie; how they stand the status itself tells. */
export function destinationsOf({ vaults }: Pick<Application, 'vaults'>): readonly Pick<DestinationState, 'name' | 'reach' | 'state'>[] {
  return vaults.map(({ name, place, reach }) => ({ name, reach: reach ?? reachOfFolder(place), state: 'ok' }))
}

/** The nine-key status that a Jeedom's tile reads, from what was gathered; with destinations also of those in the network and in a cloud. */
export function jeedomStatusOf(gathered: GatheredStatus, expect: Expectations, now: Date, destinations: readonly Pick<DestinationState, 'name' | 'reach' | 'state'>[] = []): JeedomStatus {
  const status = judgeStatus(gathered, now)
  const newest = status.vaults.flatMap((vault) => {
    const found = gathered.vaults.find(({ name }) => name === vault.name)
    if (vault.newest === undefined || found === undefined || 'problem' in found) return []
    const { id } = vault.newest
    return found.snapshots.filter((snapshot) => snapshot.id === id)
  }).sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt))[0]
  return jeedomStatus({
    status,
    runs: gathered.runs,
    destinations,
    ...(gathered.running === undefined ? {} : { running: gathered.running }),
    ...(newest === undefined ? {} : { newest: { fileName: newest.key.replace(/^.*\//, ''), sizeBytes: newest.sizeBytes, startedAt: newest.startedAt } }),
    ...(expect.minSize === undefined ? {} : { minSizeBytes: parseByteSize(expect.minSize) }),
  })
}
