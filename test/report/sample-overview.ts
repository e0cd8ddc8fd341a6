import type { AppCard, Overview } from '../../src/model/api/overview.ts'
import { sampleStatus } from '../policy/sample-status.ts'

export function sampleCard(name: string, rest: Partial<AppCard> = {}): AppCard {
  return {
    name, root: `/srv/${name}`, preset: 'generic', status: sampleStatus(name, [], { lastRun: { run: 'r1', kind: 'backup', startedAt: '2026-11-20T03:00:00.000Z', finishedAt: '2026-11-20T03:01:30.500Z', outcome: 'ok' } }),
    queued: false, newest: { id: 'a1', startedAt: '2026-11-20T03:00:00.000Z', sizeBytes: 1000, contentBytes: 4000, fileName: 'a.tar.gz', verifiedAt: '2026-11-20T03:05:00.000Z' },
    verifiedPointAt: '2026-11-20T03:00:00.000Z', schedule: { text: 'daily', next: '2026-11-21T03:00:00.000Z' },
    days: Array.from({ length: 30 }, (_, index) => ({ day: `2026-11-${index}`, state: 'ok' as const, text: '' })), sizes: [],
    destinations: [{ name: 'nas', reach: 'local', state: 'ok', text: '', place: '/mnt/nas', freeBytes: 5_000_000, inside: false }], points: 3, parts: [], command: `holdfast backup ${name}`, ...rest,
  }
}

export function sampleOverview(apps: readonly AppCard[], rest: Partial<Overview> = {}): Overview {
  return { version: 1, protected: apps.length, total: apps.length, unseen: 0, sentence: '', apps: [...apps], reporting: [], judgedAt: '2026-11-21T10:00:00.000Z', ...rest }
}
