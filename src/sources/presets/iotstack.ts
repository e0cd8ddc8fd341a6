import { iotstackLog } from './iotstack-log.ts'
import type { Preset } from './preset.ts'

/** IOTstack: a compose stack of home automation, with its services' data below `volumes/`. Names, places and logs are those of its own scripts. */
export const iotstack: Preset = {
  name: 'iotstack',
  detect: (folder) => folder.has('docker-compose.yml') && (folder.has('.templates') || folder.has('scripts/backup.sh') || folder.has('menu.sh')),
  include: [
    '/services/', '/volumes/', '/duck/', '/docker-compose.yml', '/docker-compose.override.yml', '/compose-override.yml', '/extra/', '/.env', '/*.env', '/postbuild.sh', '/pre_backup.sh', '/post_backup.sh', '/post_restore.sh',
    '/.tmp/databases_backup/',
  ],
  exclude: () => ['/backups/'],
  parts: {},
  dumpName: '.tmp/databases_backup/database.sql',
  place: () => 'backups',
  containers: true,
  format: 'tar.gz',
  pointName({ slot, scope, at }) {
    const ending = scope === 'full' ? '' : `_${scope}`
    return slot === 'rolling' ? `rolling/backup_${at.weekday}${ending}` : `backup/backup_${stamp(at)}${ending}`
  },
  // The first while everything is up, so that it can dump databases; the others once all is on the disk.
  scripts: { 'live-before': 'pre_backup.sh', 'after': 'post_backup.sh', 'after-restore': 'post_restore.sh' },
  log: {
    // Two runs of one minute share a name.
    appends: true,
    file: (kind, at) => kind === 'backup' || kind === 'restore' ? `backups/logs/${kind}_${stamp(at)}.log` : undefined,
    lines: iotstackLog,
  },
}

function stamp({ year, month, day, hour, minute }: { year: string; month: string; day: string; hour: string; minute: string }): string {
  return `${year}-${month}-${day}_${hour}${minute}`
}
