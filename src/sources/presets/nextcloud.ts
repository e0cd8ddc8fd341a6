import { isAbsolute, relative } from 'node:path'
import type { Remark } from '../../model/restore-point.ts'
import type { ApplicationFolder } from './application-folder.ts'
import type { PhpValue } from './php-config.ts'
import { phpValueAt, readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import { otherServer } from './other-server.ts'
import type { Preset } from './preset.ts'

const configFile = 'config/config.php'

/** Nextcloud: files and a database (MariaDB, or SQLite in its data folder). Its config.php is saved: without its secrets no account can sign in. */
export const nextcloud: Preset = {
  name: 'nextcloud',
  detect: (folder) => folder.has('occ') && folder.has('version.php') && folder.has('lib/private'),
  exclude: () => ['/data/nextcloud.log*', '/data/audit.log*', '/data/updater.log', '/data/updater-*/', '/data/*/uploads/'],
  parts: { data: ['/data/'], previews: ['/data/appdata_*/preview/'] },
  dumpName: 'database.sql',
  databases(folder) {
    if (setting(folder, 'dbtype') !== 'mysql') return []
    const value = (key: string): PhpValue => setting(folder, key)
    return [phpDatabase(configFile, { name: value('dbname'), host: value('dbhost') ?? '', port: value('dbport') ?? '', user: value('dbuser'), password: value('dbpassword') })]
  },
  missing: (folder) => [...dataElsewhere(folder), ...(setting(folder, 'dbtype') === 'pgsql' ? [otherServer(configFile, 'PostgreSQL')] : [])],
  isServed: true,
}

function setting(folder: ApplicationFolder, key: string): PhpValue {
  const text = folder.read(configFile)
  return text === undefined ? undefined : phpValueAt(readPhpConfig(text, `${folder.root}/config`).variables.get('CONFIG'), key)
}

function dataElsewhere(folder: ApplicationFolder): readonly Remark[] {
  const data = setting(folder, 'datadirectory')
  if (typeof data !== 'string') return []
  const below = relative(folder.root, data)
  if (!below.startsWith('..') && !isAbsolute(below)) return []
  return [{ code: 'source.elsewhere', path: configFile, message: `says that the users' files lie in ${data}, which is not below ${folder.root}: they are not in this restore point. Make that folder an application too` }]
}
