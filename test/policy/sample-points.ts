import type { Snapshot } from '../../src/model/restore-point.ts'

let made = 0

/** A sound, complete, dated, full point of `demo`, with what the test says about it. */
export function samplePoint(startedAt: string, rest: Partial<Snapshot> = {}): Snapshot {
  const id = (++made).toString(16).padStart(16, '0')
  return {
    id, app: 'demo', host: 'nas', root: '/srv/demo', scope: 'full', slot: 'dated', startedAt, finishedAt: startedAt, complete: true,
    format: 'zip', key: `${id}.zip`, encrypted: false, sizeBytes: 1000, contentBytes: 4000, entries: 10, databases: 0, warnings: 0, ...rest,
  }
}

/** One point a day at the given hour (UTC), newest last. */
export function dailyPoints(from: string, days: number, rest: Partial<Snapshot> = {}): Snapshot[] {
  const start = Date.parse(from)
  return Array.from({ length: days }, (_, day) => samplePoint(new Date(start + day * 86_400_000).toISOString(), rest))
}
