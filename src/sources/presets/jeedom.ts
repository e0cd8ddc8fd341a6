import type { ApplicationFolder } from './application-folder.ts'
import { jeedomLog } from './jeedom-log.ts'
import { phpValueAt, readPhpConfig } from './php-config.ts'
import { phpDatabase } from './php-database.ts'
import type { Preset } from './preset.ts'

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
  databases(folder) {
    const text = folder.read(configFile)
    if (text === undefined) return []
    const database = phpValueAt(readPhpConfig(text, `${folder.root}/core/config`).variables.get('CONFIG'), 'db')
    return [phpDatabase(configFile, {
      name: phpValueAt(database, 'dbname'), host: phpValueAt(database, 'host') ?? '', port: phpValueAt(database, 'port') ?? '', socket: phpValueAt(database, 'unix_socket') ?? '',
      user: phpValueAt(database, 'username'), password: phpValueAt(database, 'password'),
    })]
  },
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

function nameInFile(app: string): string {
  return app.normalize('NFKD').replaceAll(/\p{M}+/gu, '').replaceAll(/[^\w.]+/g, '_')
}

/** What plugins say that need not be saved, by `backupExclude` in their class: literals, relative to the plugin. */
function pluginExcludes(folder: ApplicationFolder): readonly string[] {
  return folder.list('plugins').flatMap((plugin) => {
    const text = /function\s+backupExclude\s*\([^)]*\)[^{]*\{\s*return\s+([^;]*);/.exec(folder.read(`plugins/${plugin}/core/class/${plugin}.class.php`) ?? '')?.[1]
    const listed = text === undefined ? undefined : readPhpConfig(`<?php $paths = ${text};`, folder.root).variables.get('paths')
    if (!(listed instanceof Map)) return []
    return [...listed.values()].filter((path): path is string => typeof path === 'string' && /^[\w.][\w./-]*$/.test(path) && !path.includes('..')).map((path) => `/plugins/${plugin}/${path.replace(/\/$/, '')}`)
  })
}
