import type { ForeignKind } from './foreign-kind.ts'

/** offen/docker-volume-backup: a tar of what is mounted below `/backup` in its container, one folder a volume. */
export const dockerVolumeBackup: ForeignKind = {
  name: 'docker-volume-backup',
  preset: 'generic',
  title: 'docker-volume-backup archive',
  marks: [],
  isDump: () => false,
  recognise({ name, packing, tops, modifiedAt }) {
    // Nothing else tells it: every member lies below /backup, and there is at least one.
    if (packing === 'zip' || packing === 'folder' || tops.size !== 1 || !tops.has('backup')) return undefined
    const iso = /(\d{4}-\d{2}-\d{2}T\d{2})[-:](\d{2})[-:](\d{2})/.exec(name)
    const madeAt = iso === null ? modifiedAt : new Date(`${iso[1] ?? ''}:${iso[2] ?? ''}:${iso[3] ?? ''}`)
    return { app: 'docker-volumes', madeAt: Number.isNaN(madeAt.getTime()) ? modifiedAt : madeAt, scope: 'full' }
  },
  place: (member) => member === 'backup' ? '.' : member.startsWith('backup/') ? member.slice('backup/'.length) : undefined,
  exclude: [],
}
