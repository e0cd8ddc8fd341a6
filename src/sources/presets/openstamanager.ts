import { relative, resolve } from 'node:path'
import type { ApplicationFolder } from './application-folder.ts'
import type { PhpConfig } from './php-config.ts'
import { readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { Preset } from './preset.ts'

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
  databases(folder) {
    const { variables } = config(folder) ?? { variables: new Map() }
    // Not installed yet: there is no database.
    if (!variables.has('db_name')) return []
    return [phpDatabase(configFile, {
      name: variables.get('db_name'), host: variables.get('db_host'), port: variables.get('db_port'), user: variables.get('db_username'), password: variables.get('db_password'),
    })]
  },
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

function config(folder: ApplicationFolder): PhpConfig | undefined {
  const text = folder.read(configFile)
  return text === undefined ? undefined : readPhpConfig(text, folder.root)
}

/** `$backup_dir`; without it the folder of its version: `files/backups` since 2.8, `backup` before. */
function place(folder: ApplicationFolder): string {
  const named = config(folder)?.variables.get('backup_dir')
  if (typeof named === 'string' && named !== '') return named
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(folder.read('VERSION') ?? '') ?? []
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 8) ? 'files/backups' : 'backup'
}

/** Backups of every version, wherever they lie in the tree: archives must not hold archives. */
function ownPlaces(folder: ApplicationFolder): readonly string[] {
  const below = relative(folder.root, resolve(folder.root, place(folder)))
  return [...new Set([below, 'backup', 'files/backups'])].filter((path) => path !== '' && !path.startsWith('..')).map((path) => `/${path}/`)
}

/** A statement that runs only where the database has that column. */
function ifColumn(table: string, column: string, statement: string): string {
  return `SET @hf = IF((SELECT count(*) FROM information_schema.columns WHERE table_schema = database() AND table_name = '${table}' AND column_name = '${column}') > 0, '${statement}', 'DO 0'); PREPARE hf FROM @hf; EXECUTE hf; DEALLOCATE PREPARE hf;`
}
