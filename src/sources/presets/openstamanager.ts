import { join, relative, resolve } from 'node:path'
import { literalPattern } from '../../disk/literal-pattern.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { noDatabase } from './no-database.ts'
import type { PhpConfig } from './php-config.ts'
import { readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { FoundDatabase, Preset } from './preset.ts'

const configFile = 'config.inc.php'

/** OpenSTAManager: an ERP in PHP with one MariaDB database. Names, places and contents are those of its own backups. */
export const openstamanager: Preset = {
  name: 'openstamanager',
  // Also by its configuration alone: it is what stays when all else was lost, and tells where the backups lie.
  detect: (folder) => /\$db_username\b/.test(folder.read(configFile) ?? '') || (folder.has('core.php') && folder.has('modules') && folder.has('config.example.php')),
  exclude: (folder) => [
    `/${configFile}`, '/*.lock', '/*.phar', '/*.log', '/logs/*.log', '/node_modules/', '/tests/', '/tmp/', '/.git/', '/.github/', '/.config/',
    ...ownPlaces(folder),
  ],
  parts: { attachments: ['/files/'] },
  dumpName: 'database.sql',
  databases,
  missing: (folder) => noDatabase(folder, configFile, databases),
  place,
  format: 'zip',
  keep: { last: 7, partial: { last: 7 }, database: { last: 7 } },
  pointName({ slot, scope, at }) {
    const when = slot === 'rolling' ? `rolling ${at.weekday}` : `${at.year}-${at.month}-${at.day} ${at.hour}_${at.minute}_${at.second}`
    return `OSM backup ${when} ${scope === 'full' ? 'FULL' : 'PARTIAL'}`
  },
  isServed: true,
  // Whoever was signed in to the database that is gone must sign in again.
  afterImport: ifColumn('zz_users', 'session_token', 'UPDATE zz_users SET session_token = NULL'),
}

function databases(folder: ApplicationFolder): readonly FoundDatabase[] {
  const found = config(folder)
  if (found === undefined) return []
  const { variable } = found
  return phpDatabase(configFile, { name: variable('db_name'), host: variable('db_host'), port: variable('db_port'), user: variable('db_username'), password: variable('db_password') })
}

function config(folder: ApplicationFolder): PhpConfig | undefined {
  const text = folder.read(configFile)
  return text === undefined ? undefined : readPhpConfig(text, join(folder.root, configFile))
}

/** `$backup_dir`; without it the folder of its version: `files/backups` since 2.8, `backup` before. */
function place(folder: ApplicationFolder): string {
  const named = config(folder)?.variable('backup_dir')
  // The whole machine is nobody's folder for backups, and would be searched for them.
  if (typeof named === 'string' && named !== '' && resolve(folder.root, named) !== '/') return named
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(folder.read('VERSION') ?? '') ?? []
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 8) ? 'files/backups' : 'backup'
}

/** Backups of every version, wherever they lie in the tree: archives must not hold archives. */
function ownPlaces(folder: ApplicationFolder): readonly string[] {
  const below = relative(folder.root, resolve(folder.root, place(folder)))
  const named = below !== '' && !below.startsWith('..') && holdsBackupsAlone(folder, below) ? [below] : []
  return [...new Set([...named, 'backup', 'files/backups'])].map((path) => `/${literalPattern(path)}/`)
}

const backupName = /^OSM backup |^(?:index\.html|RESTORE\.md)$|\.(?:zip|7z|tar|tgz|tar\.(?:gz|zst|xz|bz2))(?:\.json|\.sha256)?$/

/** A folder of the application's own data may be named as the place too: that is the backup's own to leave out, and to tell. */
function holdsBackupsAlone(folder: ApplicationFolder, path: string): boolean {
  try {
    return folder.list(path).every((name) => name.startsWith('.') || backupName.test(name) || (name === 'imported' && folder.list(`${path}/imported`).every((reference) => reference.endsWith('.json'))))
  } catch {
    // What may not be read is told as such by the backup.
    return false
  }
}

/** A statement that runs only where the database has that column. */
function ifColumn(table: string, column: string, statement: string): string {
  return `SET @hf = IF((SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name = '${table}' AND column_name = '${column}') > 0, '${statement}', 'DO 0'); PREPARE hf FROM @hf; EXECUTE hf; DEALLOCATE PREPARE hf;`
}
