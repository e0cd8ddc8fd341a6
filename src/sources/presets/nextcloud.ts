import { join } from 'node:path'
import { AppError } from '../../kit/app-error.ts'
import type { Remark } from '../../model/restore-point.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { elsewhere } from './elsewhere.ts'
import { noDatabase } from './no-database.ts'
import { otherServer } from './other-server.ts'
import { readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { PhpValue } from './php-value.ts'
import { computed, phpValueAt } from './php-value.ts'
import type { FoundDatabase, Preset } from './preset.ts'

const configFile = 'config/config.php'
const otherServers: Readonly<Record<string, string>> = { pgsql: 'PostgreSQL', oci: 'Oracle' }

/** Nextcloud: files and a database (MariaDB, or SQLite in its data folder). Its config.php is saved: without its secrets no account can sign in. */
export const nextcloud: Preset = {
  name: 'nextcloud',
  detect: (folder) => folder.has('occ') && folder.has('version.php') && folder.has('lib/private'),
  exclude: () => ['/data/nextcloud.log*', '/data/audit.log*', '/data/updater.log', '/data/updater-*/', '/data/*/uploads/'],
  parts: { data: ['/data/'], previews: ['/data/appdata_*/preview/'] },
  dumpName: 'database.sql',
  databases,
  missing(folder) {
    const config = configuration(folder)
    return [...filesElsewhere(folder, config), ...databaseElsewhere(folder, phpValueAt(config, 'dbtype'))]
  },
  isServed: true,
}

function databases(folder: ApplicationFolder): readonly FoundDatabase[] {
  const config = configuration(folder)
  const value = (key: string): PhpValue => phpValueAt(config, key)
  const type = value('dbtype')
  if (type === computed) throw new AppError('source.unreadable', `The kind of database (dbtype) in ${configFile} is not a plain text`, { hint: 'Name the database in holdfast.yaml (databases: [{type: mariadb, name: …}]).' })
  if (type !== 'mysql') return []
  return phpDatabase(configFile, { name: value('dbname'), host: value('dbhost'), port: value('dbport'), user: value('dbuser'), password: value('dbpassword') })
}

/**
 * Its settings; a file `config/NAME.config.php` goes before those of its name in the order. One that sets them by a condition or by what
 * is computed is passed over: the container's image brings such, which look at the container's environment.
 */
function configuration(folder: ApplicationFolder): PhpValue {
  const own = settings(folder, configFile)
  const more = folder.list('config').filter((name) => name.endsWith('.config.php')).sort(new Intl.Collator('en', { numeric: true }).compare).map((name) => settings(folder, `config/${name}`))
  return more.reduce((found, next) => (next instanceof Map && found !== computed ? new Map<string, PhpValue>([...(found instanceof Map ? found : []), ...next]) : found), own)
}

function settings(folder: ApplicationFolder, file: string): PhpValue {
  const text = folder.read(file)
  return text === undefined ? undefined : readPhpConfig(text, join(folder.root, file)).variable('CONFIG')
}

function filesElsewhere(folder: ApplicationFolder, config: PhpValue): readonly Remark[] {
  const [data, ...stores] = ['datadirectory', 'objectstore', 'objectstore_multibucket'].map((key) => phpValueAt(config, key))
  const remark = (message: string): Remark => ({ code: 'source.elsewhere', path: configFile, message })
  return [
    ...(typeof data === 'string' ? elsewhere(folder, configFile, "says that the users' files lie in", data) : []),
    ...(data === computed ? [remark("computes where the users' files lie (datadirectory): Holdfast does not know whether they are in this restore point. Write the folder there as a plain text")] : []),
    ...(stores.some((store) => store !== undefined && store !== null && store !== false) ? [remark("names an object store for the users' files: what lies there is not in this restore point. Save that store by its own means")] : []),
  ]
}

/** SQLite lies in the data folder. */
function databaseElsewhere(folder: ApplicationFolder, type: PhpValue): readonly Remark[] {
  if (type === 'sqlite' || type === 'sqlite3' || type === computed) return []
  if (typeof type === 'string' && type !== 'mysql') return [otherServer(configFile, otherServers[type] ?? type)]
  return noDatabase(folder, configFile, databases)
}
