import { join } from 'node:path'
import { literalPattern } from '../../disk/literal-pattern.ts'
import type { ApplicationFolder } from './application-folder.ts'
import { jeedomLog } from './jeedom-log.ts'
import { noDatabase } from './no-database.ts'
import { phpReturned, readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { PhpValue } from './php-value.ts'
import { phpValueAt } from './php-value.ts'
import type { FoundDatabase, Preset } from './preset.ts'

const configFile = 'core/config/common.config.php'

/** Jeedom: home automation in PHP with one MariaDB database. Names, places and contents are those of its own backups. */
export const jeedom: Preset = {
  name: 'jeedom',
  // Also by its configuration alone, which is what stays when all else was lost.
  detect: (folder) => folder.has(configFile) || (folder.has('core/class') && folder.has('plugins') && folder.has('core/config/common.config.sample.php')),
  exclude: (folder) => [
    `/${configFile}`, '/tmp/', '/log/', '/docs/', '/doc/', '/tests/', '/support/', '/backup/', '/script/tunnel/', '/.git/', '/node_modules/', '/vendor/',
    '/data/imgOs/', '/install/update/*.img.gz', '/python_venv/', '/resources/venv/',
    // What plugins install again by themselves; their own doc, tests and logs stay.
    '/plugins/*/resources/python_venv/', '/plugins/*/resources/venv/', '/plugins/*/resources/node_modules/', '/plugins/*/resources/*/node_modules/',
    ...pluginExcludes(folder),
  ],
  parts: { plugins: ['/plugins/'] },
  dumpName: 'DB_backup.sql',
  databases,
  missing: (folder) => noDatabase(folder, configFile, databases),
  place: () => 'backup',
  format: 'tar.gz',
  keep: { within: '3d', maxSize: '500MiB' },
  pointName({ app, slot, scope, at }, folder) {
    const version = (folder.read('core/config/version') ?? '').trim().replaceAll(/[^\w.]/g, '') || '0'
    const when = slot === 'rolling' ? `rolling-${at.weekday}` : `${at.year}-${at.month}-${at.day}-${at.hour}h${at.minute}`
    return `backup-${nameInFile(app)}-${version}-${when}${scope === 'full' ? '' : `-${scope}`}`
  },
  isServed: true,
  log: { file: (kind) => kind === 'backup' || kind === 'restore' ? `log/${kind}` : undefined, lines: jeedomLog },
}

function databases(folder: ApplicationFolder): readonly FoundDatabase[] {
  const text = folder.read(configFile)
  if (text === undefined) return []
  const config = phpValueAt(readPhpConfig(text, join(folder.root, configFile)).variable('CONFIG'), 'db')
  const value = (key: string): PhpValue => phpValueAt(config, key)
  return phpDatabase(configFile, { name: value('dbname'), host: value('host'), port: value('port'), socket: value('unix_socket'), user: value('username'), password: value('password') })
}

function nameInFile(app: string): string {
  return app.normalize('NFKD').replaceAll(/\p{M}+/gu, '').replaceAll(/[^\w.]+/g, '_')
}

/** What plugins say that need not be saved, by `backupExclude` in their class: literals, relative to the plugin. What would be the whole plugin is not meant. */
function pluginExcludes(folder: ApplicationFolder): readonly string[] {
  return folder.list('plugins').flatMap((plugin) => {
    const file = `plugins/${plugin}/core/class/${plugin}.class.php`
    const listed = phpReturned(folder.read(file) ?? '', join(folder.root, file), 'backupExclude')
    if (!(listed instanceof Map)) return []
    return [...listed.values()].flatMap((path: PhpValue) => {
      if (typeof path !== 'string' || !/^[\w./-]+$/.test(path)) return []
      const parts = path.split('/').filter((part) => part !== '' && part !== '.')
      return parts.length === 0 || parts.includes('..') ? [] : [`/plugins/${literalPattern(plugin)}/${parts.join('/')}`]
    })
  })
}
