import type { ForeignKind } from './foreign-kind.ts'
import { localMoment } from './foreign-kind.ts'
import { influxBackup } from './influx-backup.ts'

/** `backup_2024-05-01_0230`, and `backup-2024-05-01_0230` of the old menu. */
const dated = /^backup[_-](\d{4})-(\d{2})-(\d{2})_(\d{2})(\d{2})\.tar\.gz$/
const rolling = /^backup_[0-7]\.tar\.gz$/

/** IOTstack: a tar of the stack's services, volumes and compose files. */
export const iotstack: ForeignKind = {
  name: 'iotstack',
  preset: 'iotstack',
  title: 'IOTstack backup',
  marks: ['docker-compose.yml', 'services', 'volumes'],
  isDump: () => false,
  recognise({ name, packing, has, modifiedAt }) {
    if (packing === 'zip' || packing === 'folder' || !has('docker-compose.yml') || !(has('services') || has('volumes'))) return undefined
    const [, year, month, day, hour, minute] = dated.exec(name) ?? []
    return { app: 'iotstack', madeAt: localMoment([year, month, day, hour, minute]) ?? modifiedAt, scope: 'full', slot: rolling.test(name) ? 'rolling' : 'dated' }
  },
  exclude: ['/backups/', '/volumes/lost+found/'],
  // docker_backup.sh of the old menu saves InfluxDB by its own backup alone, and, in its later versions, nothing of Nextcloud.
  mayPassOver: ['volumes/influxdb', 'volumes/nextcloud'],
  brings: influxBackup,
}
