import { resolve } from 'node:path'
import type { Remark } from '../../model/restore-point.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { elsewhere } from './elsewhere.ts'
import { noDatabase } from './no-database.ts'
import type { PhpConfig } from './php-config.ts'
import { readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { FoundDatabase, Preset } from './preset.ts'

const configFile = 'wp-config.php'
// What the plugin for SQLite makes, which is saved where it lies.
const sqliteFile = 'wp-content/database/.ht.sqlite'

/** WordPress: a site in PHP with one MariaDB database. */
export const wordpress: Preset = {
  name: 'wordpress',
  detect: (folder) => folder.has('wp-includes/version.php') && folder.has('wp-content'),
  exclude: () => ['/wp-content/cache/', '/wp-content/upgrade/', '/wp-content/debug.log'],
  parts: { uploads: ['/wp-content/uploads/'] },
  dumpName: 'database.sql',
  databases,
  missing(folder) {
    const found = configuration(folder)
    return [
      ...(found?.file === `../${configFile}` ? [{ code: 'source.elsewhere', path: `../${configFile}`, message: 'lies above the application\'s folder and is not in this restore point: keep a copy of it' }] : []),
      ...(found === undefined ? [] : foldersElsewhere(folder, found)),
      ...(found !== undefined && folder.has(sqliteFile) ? [] : noDatabase(folder, found?.file ?? configFile, databases)),
    ]
  },
  isServed: true,
}

function databases(folder: ApplicationFolder): readonly FoundDatabase[] {
  const found = configuration(folder)
  if (found === undefined) return []
  const { constant } = found.config
  return phpDatabase(found.file, { name: constant('DB_NAME'), host: constant('DB_HOST'), user: constant('DB_USER'), password: constant('DB_PASSWORD') })
}

/** Where a site may keep its themes, plugins and uploads. A value that is computed says nothing. */
function foldersElsewhere(folder: ApplicationFolder, { file, config }: Configuration): readonly Remark[] {
  return ['WP_CONTENT_DIR', 'WP_PLUGIN_DIR', 'WPMU_PLUGIN_DIR', 'UPLOADS'].flatMap((name) => {
    const path = config.constant(name)
    return typeof path === 'string' && path !== '' ? elsewhere(folder, file, `says by ${name} that files of the site lie in`, path) : []
  })
}

type Configuration = { readonly file: string; readonly config: PhpConfig }

/** WordPress also looks one folder higher. */
function configuration(folder: ApplicationFolder): Configuration | undefined {
  for (const file of folder.has('../wp-settings.php') ? [configFile] : [configFile, `../${configFile}`]) {
    const text = folder.read(file)
    if (text !== undefined) return { file, config: readPhpConfig(text, resolve(folder.root, file), 'wp-settings.php') }
  }
  return undefined
}
