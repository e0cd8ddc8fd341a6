import type { ForeignSetKind } from './foreign-kind.ts'
import { localMoment } from './foreign-kind.ts'
import { influxBackup } from './influx-backup.ts'

const fileName = /^((\d{4})-(\d{2})-(\d{2})_(\d{2})(\d{2})\.(.+?))\.(?:(general|mariadb|nextcloud|wordpress|gitea|influx|influxdb2|postgres)-backup\.(?:tar\.gz|tar|sql\.gz\.tar)|(backup-log)\.txt)$/
const setName = /^(\d{4})-(\d{2})-(\d{2})_(\d{2})(\d{2})\.(.+)$/

/** IOTstackBackup: one archive for the stack and one for each database that must not be copied while it runs. */
export const iotstackBackup: ForeignSetKind = {
  name: 'iotstack-backup',
  preset: 'iotstack',
  title: 'IOTstackBackup set',
  marks: [
    'docker-compose.yml', 'volumes', 'services', 'volumes/mariadb/db_backup/backup.sql', 'volumes/nextcloud/html', 'volumes/wordpress/html', 'volumes/gitea/data',
    'backups/influxdb/db', 'volumes/influxdb2', 'volumes/postgres/db_backup',
  ],
  partOf(name) {
    const [, set, , , , , , , archive, log] = fileName.exec(name) ?? []
    return set === undefined ? undefined : { set, part: archive ?? log ?? '' }
  },
  parts: {
    'general': '',
    'mariadb': 'volumes/mariadb/db_backup',
    'nextcloud': 'volumes/nextcloud',
    'wordpress': 'volumes/wordpress',
    'gitea': 'volumes/gitea',
    'influx': 'backups/influxdb/db',
    'influxdb2': 'volumes/influxdb2',
    'postgres': 'volumes/postgres/db_backup',
    'backup-log': undefined,
  },
  isDump: (member) => /^volumes\/(?:mariadb|nextcloud|wordpress|gitea)\/db_backup\/backup\.sql$/.test(member),
  recognise({ name, has }) {
    if (!this.marks.some((mark) => mark !== 'volumes' && mark !== 'services' && has(mark))) return undefined
    const [, year, month, day, hour, minute, host] = setName.exec(name) ?? []
    const madeAt = localMoment([year, month, day, hour, minute])
    if (madeAt === undefined || host === undefined) return undefined
    return { app: 'iotstack', madeAt, host, scope: has('docker-compose.yml') ? 'full' : 'partial' }
  },
  // The general archive leaves much of the volumes out, another part with each version, and the archives of databases hold only a part
  // of theirs: what a set does not hold is no sign that it was not there. Nothing there is ever removed.
  exclude: ['/volumes/*', '/backups/', '/mkdocs.yml'],
  brings: influxBackup,
}
