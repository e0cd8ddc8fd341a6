import type { ApplicationFolder } from './application-folder.ts'
import type { PhpValue } from './php-config.ts'
import { readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { Preset } from './preset.ts'

const configFile = 'wp-config.php'

/** WordPress: a site in PHP with one MariaDB database. */
export const wordpress: Preset = {
  name: 'wordpress',
  detect: (folder) => folder.has('wp-includes/version.php') && folder.has('wp-content'),
  exclude: () => ['/wp-content/cache/', '/wp-content/upgrade/', '/wp-content/debug.log'],
  parts: { uploads: ['/wp-content/uploads/'] },
  dumpName: 'database.sql',
  databases(folder) {
    const found = configuration(folder)
    if (found === undefined) return []
    const { constants } = readPhpConfig(found.text, folder.root)
    const constant = (name: string): PhpValue => constants.get(name)
    return [phpDatabase(found.file, { name: constant('DB_NAME'), host: constant('DB_HOST') ?? '', user: constant('DB_USER'), password: constant('DB_PASSWORD') })]
  },
  missing: (folder) => configuration(folder)?.file === `../${configFile}`
    ? [{ code: 'source.elsewhere', path: `../${configFile}`, message: 'lies above the application\'s folder and is not in this restore point: keep a copy of it' }]
    : [],
  isServed: true,
}

/** WordPress also looks one folder higher. */
function configuration(folder: ApplicationFolder): { readonly file: string; readonly text: string } | undefined {
  for (const file of folder.has('../wp-settings.php') ? [configFile] : [configFile, `../${configFile}`]) {
    const text = folder.read(file)
    if (text !== undefined) return { file, text }
  }
  return undefined
}
